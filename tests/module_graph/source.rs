//! Rust source as tokens, and the paths in them.

use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// The tokens of a file without comments, literals and test code: identifiers,
/// `::`, and single characters.
pub fn tokens(source: &str) -> Vec<String> {
    let mut tokens = Vec::new();
    flatten(source.parse().unwrap(), &mut tokens);
    without_tests(&tokens)
}

fn flatten(stream: TokenStream, tokens: &mut Vec<String>) {
    for tree in stream {
        match tree {
            TokenTree::Group(group) => {
                let (open, close) = match group.delimiter() {
                    Delimiter::Parenthesis => ("(", ")"),
                    Delimiter::Brace => ("{", "}"),
                    Delimiter::Bracket => ("[", "]"),
                    Delimiter::None => ("", ""),
                };
                tokens.push(open.into());
                flatten(group.stream(), tokens);
                tokens.push(close.into());
            }
            TokenTree::Punct(punct) if punct.as_char() == ':' => match tokens.last_mut() {
                Some(last) if last == ":" => last.push(':'),
                _ => tokens.push(":".into()),
            },
            TokenTree::Punct(punct) => tokens.push(punct.as_char().into()),
            TokenTree::Ident(ident) => tokens.push(ident.to_string()),
            TokenTree::Literal(_) => tokens.push("\"".into()),
        }
    }
}

/// Leaves out each item after `#[cfg(test)]` or `#[cfg(all(doctest, …))]`.
fn without_tests(tokens: &[String]) -> Vec<String> {
    let mut kept = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        if is_test_attribute(&tokens[at..]) {
            at += item_length(&tokens[at..]);
        } else {
            kept.push(tokens[at].clone());
            at += 1;
        }
    }
    kept
}

fn is_test_attribute(tokens: &[String]) -> bool {
    let starts = |words: &[&str]| tokens.iter().take(words.len()).eq(words);
    starts(&["#", "[", "cfg", "(", "test", ")", "]"])
        || starts(&["#", "[", "cfg", "(", "all", "(", "doctest"])
}

/// How many tokens an item has, from its first attribute to its last brace or
/// semicolon.
fn item_length(tokens: &[String]) -> usize {
    let mut depth = 0;
    for (at, token) in tokens.iter().enumerate() {
        match token.as_str() {
            "{" | "(" | "[" => depth += 1,
            "}" | ")" | "]" => depth -= 1,
            _ => {}
        }
        if depth == 0 && matches!(token.as_str(), "}" | ";") {
            return at + 1;
        }
    }
    tokens.len()
}

/// Each path with more than one segment, or that an import names.
pub fn paths(tokens: &[String]) -> Vec<Vec<String>> {
    let mut paths: Vec<_> = imports(tokens).into_iter().map(|import| import.path).collect();
    let mut at = 0;
    while at < tokens.len() {
        let mut path = vec![tokens[at].clone()];
        while is_word(&tokens[at]) && tokens.get(at + 1).is_some_and(|next| next == "::") {
            let Some(next) = tokens.get(at + 2).filter(|next| is_word(next)) else { break };
            path.push(next.clone());
            at += 2;
        }
        if path.len() > 1 {
            paths.push(path);
        }
        at += 1;
    }
    paths
}

/// What a `use` makes known in its module.
#[derive(Clone, Debug, PartialEq)]
pub struct Import {
    pub name: String,
    pub path: Vec<String>,
}

/// Every `use` of a file, its braces taken apart.
pub fn imports(tokens: &[String]) -> Vec<Import> {
    let mut imports = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        // `use<'a>` captures lifetimes.
        if token == "use" && tokens.get(at + 1).is_some_and(|next| next != "<") {
            let end = tokens[at..].iter().position(|token| token == ";").unwrap();
            tree(&tokens[at + 1..at + end], &[], &mut imports);
        }
    }
    imports
}

/// One use tree below a prefix.
fn tree(tokens: &[String], prefix: &[String], imports: &mut Vec<Import>) {
    let mut path = prefix.to_vec();
    let mut at = 0;
    while let Some(token) = tokens.get(at) {
        match token.as_str() {
            "::" => {}
            "{" => {
                for branch in branches(&tokens[at + 1..tokens.len() - 1]) {
                    tree(branch, &path, imports);
                }
                return;
            }
            "as" => {
                imports.push(Import { name: tokens[at + 1].clone(), path });
                return;
            }
            "self" if !path.is_empty() => {}
            _ => path.push(token.clone()),
        }
        at += 1;
    }
    if let Some(name) = path.last().cloned() {
        imports.push(Import { name, path });
    }
}

/// What stands between commas, braces aside.
fn branches(tokens: &[String]) -> Vec<&[String]> {
    let mut depth = 0;
    let parts = tokens.split(|token| {
        match token.as_str() {
            "{" => depth += 1,
            "}" => depth -= 1,
            _ => {}
        }
        depth == 0 && token == ","
    });
    parts.filter(|part| !part.is_empty()).collect()
}

fn is_word(token: &str) -> bool {
    token.starts_with(|first: char| first.is_alphabetic() || first == '_')
}

#[test]
fn comments_literals_and_tests_are_no_paths() {
    let source = r#"
        //! [`crate::a::A`]
        /* crate::b /* crate::c */ */
        const TEXT: &str = "crate::d::D";
        #[cfg(test)]
        use crate::e::E;
        fn f<'a>() { crate::g::h(':') }
        #[cfg(test)]
        mod tests { use super::*; fn i() { crate::j::k() } }
        pub(crate) struct L;
        fn m() -> impl Iterator + use<'_> { n }
    "#;
    assert_eq!(paths(&tokens(source)), [["crate", "g", "h"]]);
}

#[test]
fn imports_are_taken_apart() {
    let source = "pub(crate) use crate::a::{self, b::{C, D as E}, F}; use super::*;";
    let imports = imports(&tokens(source));
    let told: Vec<_> =
        imports.iter().map(|it| format!("{}: {}", it.name, it.path.join("::"))).collect();
    assert_eq!(
        told,
        ["a: crate::a", "C: crate::a::b::C", "E: crate::a::b::D", "F: crate::a::F", "*: super::*"]
    );
}
