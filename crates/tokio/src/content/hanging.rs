//! Lines of somebody's message that nobody takes for those of others.

use textwrap::{Options, WordSeparator, WrapAlgorithm, wrap};

use super::visible_text;

/// What each line after the first begins with.
const INDENT: &str = "    ";

/// A message of somebody else as lines for a terminal of so many columns: nothing is hidden
/// ([`visible_text`]), and each line but the first is indented, whether the message or the
/// width ends the one before. So no message looks like two, neither by line ends nor by
/// padding.
///
/// The text has everything that belongs on the first line: the time, the name, the words. The
/// lines of the result end with `\n`, but for the last. For a file or a pipe the width is
/// [`usize::MAX`]. Below 20 columns, lines are as long as for 20.
///
/// ```
/// use msrp_tokio::content::hanging;
///
/// assert_eq!(hanging("<ada> Hello\n<bob> Go away", 80), "<ada> Hello\n    <bob> Go away");
/// assert_eq!(hanging("<ada> A long way to go", 20), "<ada> A long way to\n    go");
/// ```
#[must_use]
pub fn hanging(text: &str, width: usize) -> String {
    let options = Options::new(width.max(20))
        .subsequent_indent(INDENT)
        .word_separator(WordSeparator::AsciiSpace)
        .wrap_algorithm(WrapAlgorithm::FirstFit);
    let text = visible_text(text);
    let (first, rest) = text.split_once('\n').map_or((&text[..], None), |it| (it.0, Some(it.1)));
    let mut lines = wrap(first, &options);
    let options = options.initial_indent(INDENT);
    lines.extend(
        rest.into_iter().flat_map(|rest| rest.split('\n')).flat_map(|it| wrap(it, &options)),
    );
    lines.join("\n")
}
