//! The start line, unless it is one of the usual ones.

use memchr::memchr2;

use super::super::grammar::{self, StartWord};
use super::super::ident::MAX_IDENT;
use super::{
    CRLF, HeadParser, Kind, ParseError, ParseErrorKind, Part, START, Span, beyond_limit,
    may_be_msrp, not_msrp, status_code,
};
use crate::limits::ParseOptions;
use crate::tolerance::Tolerance;

impl HeadParser {
    /// Reads the start line unless it is one of the usual ones. Returns whether it has
    /// arrived.
    ///
    /// No octet of it is CR or LF (RFC 4975 section 9). Without its CRLF there is no
    /// transaction id to look for, and a peer that ends its lines otherwise never sends
    /// one: its first CR or LF alone is the error.
    pub(super) fn reads_start_line(
        &mut self,
        input: &[u8],
        reach: usize,
        options: &ParseOptions,
    ) -> Result<bool, ParseError> {
        let unseen = input.get(self.searched..).unwrap_or_default();
        let Some(found) = memchr2(b'\r', b'\n', unseen) else {
            self.searched = input.len();
            return Ok(false);
        };
        let end = self.searched + found;
        let next = match input.get(end..).unwrap_or_default() {
            [b'\r'] => {
                self.searched = end;
                return Ok(false);
            }
            [b'\r', ..] => end + CRLF.len(),
            _ => end + 1,
        };
        if next > reach || !may_be_msrp(input) {
            return Err(beyond_limit(input, options));
        }
        if input.get(end..next) != Some(CRLF) {
            return Err(ParseError::new(ParseErrorKind::NotMsrp, end..end + 1));
        }
        self.start_line(input.get(..end).unwrap_or_default(), options)?;
        self.line_start = next;
        self.searched = next;
        self.usual_lines(input, options);
        Ok(true)
    }

    fn start_line(&mut self, line: &[u8], options: &ParseOptions) -> Result<(), ParseError> {
        let start = grammar::loose_start(line).ok().filter(|(_, id)| id.len() <= MAX_IDENT);
        let (rest, id) = start.ok_or_else(|| not_msrp(line))?;
        let id = Part { text: id, offset: START.len() };
        let word = Part { text: rest, offset: line.len() - rest.len() };
        self.fields.transaction = id.span();
        self.fields.section = Span::at(line.len() + CRLF.len(), &[]);
        self.check_ident(ParseErrorKind::TransactionId, id, options);
        match grammar::whole(grammar::start_word, rest) {
            Some(StartWord::Method(name)) => {
                self.fields.word = word.span();
                if !grammar::is_other_method(name) {
                    self.tolerate(Tolerance::MethodName, ParseErrorKind::StartLine, word, options);
                }
            }
            Some(StartWord::Status { code, comment }) => {
                self.fields.kind = Kind::Response(status_code(code));
                let comment = comment.unwrap_or_default();
                self.fields.word = Span::at(line.len() - comment.len(), comment);
            }
            None => {
                if let Ok((after, code)) = grammar::status_code(rest)
                    && after.starts_with(b" ")
                {
                    self.fields.kind = Kind::Response(status_code(code));
                }
                self.blame(ParseErrorKind::StartLine, word);
            }
        }
        Ok(())
    }
}
