//! Which module uses which.

use std::collections::{BTreeMap, BTreeSet};

use super::source::{Import, imports, paths, tokens};

/// A module by the names that lead to it; the crate's root is empty.
pub type Module = Vec<String>;

/// An edge, with the path that makes it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Use {
    pub from: Module,
    pub to: Module,
    pub path: String,
}

/// The modules of a crate.
#[derive(Default)]
pub struct Graph {
    imports: BTreeMap<Module, Vec<Import>>,
    paths: BTreeMap<Module, Vec<Vec<String>>>,
}

impl Graph {
    /// Of files by their paths below `src`.
    pub fn new<'a>(files: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let mut graph = Self::default();
        for (file, source) in files {
            let tokens = tokens(source);
            graph.imports.insert(module_of(file), imports(&tokens));
            graph.paths.insert(module_of(file), paths(&tokens));
        }
        graph
    }

    /// The modules right below one.
    pub fn children(&self, parent: &[String]) -> BTreeSet<String> {
        let below = self.paths.keys().filter(|module| module.starts_with(parent));
        below.filter_map(|module| module.get(parent.len()).cloned()).collect()
    }

    /// The modules that have others below them; the root is one.
    pub fn parents(&self) -> BTreeSet<Module> {
        self.paths
            .keys()
            .filter_map(|module| module.split_last())
            .map(|(_, up)| up.into())
            .collect()
    }

    /// Who uses whom among the children of a module, by name. What lies below a
    /// child counts as the child. What the parent itself defines is nobody's.
    pub fn uses(&self, parent: &[String]) -> BTreeMap<(String, String), Use> {
        let depth = parent.len();
        let mut uses = BTreeMap::new();
        for (from, paths) in self.paths.iter().filter(|(from, _)| from.starts_with(parent)) {
            let Some(user) = from.get(depth) else { continue };
            for path in paths {
                let Some(to) = self.resolve(from, path) else { continue };
                let Some(used) = to.get(depth).filter(|_| to.starts_with(parent)) else { continue };
                if user != used {
                    let edge = Use { from: from.clone(), to: to.clone(), path: path.join("::") };
                    uses.entry((user.clone(), used.clone())).or_insert(edge);
                }
            }
        }
        uses
    }

    /// The module that defines what a path names, or `None` for other crates.
    fn resolve(&self, from: &[String], path: &[String]) -> Option<Module> {
        let mut module = from.to_vec();
        let mut names = path;
        while let Some((first, rest)) = names.split_first() {
            match first.as_str() {
                "crate" => module.clear(),
                "super" => drop(module.pop()),
                "self" => {}
                _ => break,
            }
            names = rest;
        }
        let is_here = names.len() < path.len() || self.is_module(from, &path[0]);
        is_here.then(|| self.descend(module, names))
    }

    /// Goes down while the names are modules, and through what is imported.
    fn descend(&self, mut module: Module, names: &[String]) -> Module {
        for (at, name) in names.iter().enumerate() {
            if self.is_module(&module, name) {
                module.push(name.clone());
                continue;
            }
            let import = self.imports[&module].iter().find(|import| import.name == *name);
            return match import.and_then(|import| self.resolve(&module, &import.path)) {
                Some(found) => self.descend(found, &names[at + 1..]),
                None => module,
            };
        }
        module
    }

    fn is_module(&self, parent: &[String], name: &str) -> bool {
        self.paths.contains_key(&[parent, &[name.into()]].concat())
    }
}

/// `wire/parse/error.rs` is `wire::parse::error`, `wire/mod.rs` is `wire`.
fn module_of(file: &str) -> Module {
    let path = file.strip_suffix(".rs").unwrap();
    let path = path.strip_suffix("/mod").unwrap_or(path);
    match path {
        "lib" => Vec::new(),
        path => path.split('/').map(str::to_owned).collect(),
    }
}

/// The circles among edges: groups whose members all lead to each other.
pub fn circles<'a>(
    edges: impl Iterator<Item = (&'a str, &'a str)> + Clone,
) -> BTreeSet<BTreeSet<String>> {
    let reaches = |from: &'a str| {
        let (mut seen, mut open) = (BTreeSet::new(), vec![from]);
        while let Some(at) = open.pop() {
            open.extend(edges.clone().filter(|(a, b)| *a == at && seen.insert(*b)).map(|(_, b)| b));
        }
        seen
    };
    let names: BTreeSet<_> = edges.clone().map(|(from, _)| from).collect();
    let circle = |name: &&'a str| -> BTreeSet<String> {
        let there = reaches(name);
        there.iter().filter(|it| reaches(it).contains(*name)).map(|it| (*it).to_owned()).collect()
    };
    names.iter().map(circle).filter(|circle| circle.len() > 1).collect()
}

#[cfg(test)]
fn edges(files: &[(&str, &str)], parent: &[&str]) -> Vec<String> {
    let parent: Module = parent.iter().map(|&name| name.to_owned()).collect();
    let uses = Graph::new(files.iter().copied()).uses(&parent);
    uses.keys().map(|(from, to)| format!("{from} -> {to}")).collect()
}

#[test]
fn a_path_leads_to_the_module_that_defines_it() {
    let files = [
        ("lib.rs", "mod a; mod b; mod c; pub use b::B; pub struct Root;"),
        ("a.rs", "use crate::{B, Root}; use bytes::Buf; fn f() { super::c::g() }"),
        ("b/mod.rs", "mod d; mod e; pub use d::B; pub struct Own; use e::E;"),
        ("b/d.rs", "use super::{Own, E}; pub struct B;"),
        ("b/e.rs", "pub struct E; fn f(it: super::Own) { crate::c::g() }"),
        ("c.rs", "pub fn g() { std::mem::drop(1) }"),
    ];
    assert_eq!(edges(&files, &[]), ["a -> b", "a -> c", "b -> c"]);
    assert_eq!(edges(&files, &["b"]), ["d -> e"]);
}

#[test]
fn circles_are_found_whatever_their_size() {
    let circles = circles([("a", "b"), ("b", "c"), ("c", "a"), ("c", "d"), ("e", "d")].into_iter());
    assert_eq!(circles, [["a", "b", "c"].map(str::to_owned).into()].into());
}
