//! Text of others as people may see it.

use std::fmt::Write;

use super::hidden::{is_blank, is_hidden, is_in_place, is_mark};

/// The most marks on one letter (UTS #39 section 5.4). More of them cover the lines around.
const MAX_MARKS: usize = 4;

/// The most blanks in a row. More of them are there to push what follows to where it looks
/// like something else.
const MAX_BLANKS: usize = 16;

/// A text of somebody else on one line, such as a name, a URI or the reason of an error, in
/// which nothing is hidden.
///
/// Control characters become their pictures (`␛`). Whatever else is not seen, or changes what
/// is seen around it, becomes its number (`[U+202E]`): marks for the direction of writing, all
/// that Unicode lets a font leave out, private characters, and marks of which a letter has more
/// than four. Joiners and variation selectors in their rightful places are left out without a
/// word, as after an emoji. Of a run of blanks the first 16 are kept.
///
/// Applied to its own result, it changes nothing. The result has at most four times the octets
/// of the text.
///
/// ```
/// use msrp_tokio::content::visible_line;
///
/// assert_eq!(visible_line("\x1b[2J"), "␛[2J");
/// assert_eq!(visible_line("ad\u{200b}a"), "ad[U+200B]a");
/// assert_eq!(visible_line("two\nlines"), "two␊lines");
/// ```
#[must_use]
pub fn visible_line(text: &str) -> String {
    let mut visible = Visible::with_room_for(text);
    text.chars().for_each(|letter| visible.push(letter));
    visible.text
}

/// A text of somebody else in which nothing is hidden, as in [`visible_line`], but with its
/// lines.
///
/// Whatever ends a line to some program becomes `\n`, the only control character in the result.
/// A tab becomes four blanks. Blanks and line ends at the end are dropped.
///
/// To print it, [`hanging`](super::hanging) keeps its lines apart from those of others.
///
/// ```
/// use msrp_tokio::content::visible_text;
///
/// assert_eq!(visible_text("one\r\n\ttwo\u{2028}three\r\n"), "one\n    two\nthree");
/// ```
#[must_use]
pub fn visible_text(text: &str) -> String {
    let mut visible = Visible::with_room_for(text);
    let mut letters = text.trim_end_matches(is_blank).chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '\r' if letters.peek() == Some(&'\n') => {}
            '\t' => (0..4).for_each(|_| visible.push(' ')),
            _ if ends_line(letter) => visible.end_line(),
            _ => visible.push(letter),
        }
    }
    visible.text
}

/// Whether a terminal, a browser or an editor begins a new line here.
const fn ends_line(letter: char) -> bool {
    matches!(letter, '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// A text that grows by what is visible of others.
struct Visible {
    text: String,
    /// The last character, but for those that were left out.
    before: char,
    /// How many marks the last letter has.
    marks: usize,
    blanks: usize,
}

impl Visible {
    fn with_room_for(text: &str) -> Self {
        // A mark on nothing would be drawn on what stands before the text.
        Self { text: String::with_capacity(text.len()), before: '\n', marks: MAX_MARKS, blanks: 0 }
    }

    fn push(&mut self, letter: char) {
        if is_hidden(letter) {
            if !is_in_place(letter, self.before) {
                self.push_name(letter);
            }
        } else if is_blank(letter) {
            self.blanks += 1;
            if self.blanks <= MAX_BLANKS {
                self.push_as_is(letter, 0);
            }
        } else if is_mark(letter) && self.marks == MAX_MARKS {
            self.push_name(letter);
        } else {
            let marks = if is_mark(letter) { self.marks + 1 } else { 0 };
            self.blanks = 0;
            self.push_as_is(letter, marks);
        }
    }

    fn push_as_is(&mut self, letter: char, marks: usize) {
        self.text.push(letter);
        (self.before, self.marks) = (letter, marks);
    }

    /// The picture or the number of a character. It takes no marks, which would cover it.
    fn push_name(&mut self, letter: char) {
        match letter {
            '\0'..='\x1f' => self.text.extend(char::from_u32(0x2400 + u32::from(letter))),
            '\x7f' => self.text.push('\u{2421}'),
            // Writing to a `String` cannot fail.
            _ => drop(write!(self.text, "[U+{:04X}]", u32::from(letter))),
        }
        (self.before, self.marks, self.blanks) = (']', MAX_MARKS, 0);
    }

    fn end_line(&mut self) {
        self.text.push('\n');
        (self.before, self.marks, self.blanks) = ('\n', MAX_MARKS, 0);
    }
}
