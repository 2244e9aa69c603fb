//! Text of XML documents, with the references that it needs.

/// Appends the text of an element, or of an attribute in quotes. What XML 1.0
/// cannot represent becomes U+FFFD.
pub(crate) fn push_text(out: &mut String, text: &str) {
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            // Readers turn an unescaped one into a line feed or a space.
            '\r' => out.push_str("&#13;"),
            '\t' => out.push_str("&#9;"),
            '\n' => out.push_str("&#10;"),
            _ if is_beyond_xml(letter) => out.push(char::REPLACEMENT_CHARACTER),
            _ => out.push(letter),
        }
    }
}

/// Whether XML 1.0 cannot represent a character.
pub(crate) const fn is_beyond_xml(letter: char) -> bool {
    let is_control = matches!(letter, '\0'..' ') && !matches!(letter, '\t' | '\r' | '\n');
    is_control || matches!(letter, '\u{fffe}' | '\u{ffff}')
}

/// Appends `<name>text</name>` and the end of the line.
pub(crate) fn push_element(out: &mut String, name: &str, text: &str) {
    out.extend(["<", name, ">"]);
    push_text(out, text);
    out.extend(["</", name, ">\r\n"]);
}
