//! message/cpim: the same whole and by its start, and what is read can be
//! written.

use msrp::MediaType;
use msrp_cpim::{
    BuildError, CpimBuilder, CpimRef, CpimTolerance, CpimTolerances, ParseError, ParseErrorKind,
};

pub(crate) fn run(data: &[u8]) {
    let read = CpimRef::parse(data);
    if let Err(wrong) = &read {
        assert!(data.get(wrong.place()).is_some());
    }
    assert_starts_agree(data, &read);
    let strict = CpimRef::parse_with(data, CpimTolerances::none());
    if let Ok(strict) = strict {
        assert!(strict.tolerated().is_empty());
        assert_written(&strict);
    }
    if let Ok(read) = read {
        assert_eq!(CpimRef::parse_with(data, read.tolerated()), Ok(read.clone()));
        for tolerance in read.tolerated().iter() {
            let without = CpimTolerances::all().without(tolerance);
            assert_ne!(CpimRef::parse_with(data, without), Ok(read.clone()));
        }
        assert_walked(&read);
        assert_written(&read);
    }
}

fn assert_starts_agree(data: &[u8], whole: &Result<CpimRef<'_>, ParseError>) {
    let step = (data.len() / 32).max(1);
    let (mut seen, mut is_open) = (0, true);
    for end in (0..data.len()).step_by(step).chain([data.len()]) {
        let is_settled = CpimRef::parse_start(&data[..end]) != Ok(None);
        // But for the number of lines, which is not counted before.
        let is_small = data.len() < 512;
        assert!(!is_open || !is_small || !is_settled || CpimRef::head_may_end(&data[..end], seen));
        (seen, is_open) = (end, !is_settled);
        match CpimRef::parse_start(&data[..end]) {
            Ok(None) => {
                // The whole message may lack MIME header fields, which nobody else knows yet.
                let separated = CpimTolerances::all().without(CpimTolerance::MissingBlankLine);
                let whole = CpimRef::parse_with(data, separated).map_err(|wrong| wrong.kind());
                assert!(end < data.len() || whole == Err(ParseErrorKind::Incomplete));
            }
            Ok(Some(start)) => {
                let whole = whole.as_ref().unwrap();
                assert!(whole.body().starts_with(start.body()));
                assert_eq!(data.len() - end, whole.body().len() - start.body().len());
                assert!(start.headers().eq(whole.headers()));
                assert!(start.mime_headers().iter().eq(whole.mime_headers().iter()));
            }
            Err(wrong) => assert_eq!(*whole, Err(wrong)),
        }
    }
}

/// Nothing that it says is anywhere but in what was read.
fn assert_walked(read: &CpimRef<'_>) {
    let _ = format!("{read:?}");
    let senders = read.headers().filter(|it| it.name().eq_ignore_ascii_case("From"));
    assert!(senders.count() >= read.from().iter().len());
    assert!(read.not_understood(&[]).count() <= read.require().count());
    for header in read.headers() {
        let found = header.namespace().map(|it| read.find(it, header.name()).count());
        assert!(found.is_none_or(|found| found > 0));
        let _ = (header.text(), header.language(), header.parameter("x"), header.address());
    }
    for field in read.mime_headers().iter() {
        assert!(!field.text().contains(['\r', '\n']));
        let _ = (field.value().main(), field.value().parameter("x"));
        assert!(field.value().parameters().count() <= field.raw().len());
    }
    let date_time = read.date_time();
    assert!(date_time.is_none_or(|it| it.as_str().len() >= "2000-01-01T00:00:00Z".len()));
}

/// The same said anew reads the same to the letter.
fn assert_written(read: &CpimRef<'_>) {
    let (Some(from), Some(first)) = (read.from(), read.to().next()) else { return };
    let subject = read.subjects().next();
    let mut builder = CpimBuilder::new(&from, &first);
    builder = read.to().skip(1).fold(builder, |builder, to| builder.to(&to));
    builder = read.cc().fold(builder, |builder, cc| builder.cc(&cc));
    if let Some(date_time) = read.date_time() {
        builder = builder.date_time(&date_time);
    }
    if let Some(subject) = &subject {
        builder = builder.subject(&subject.text());
    }
    let content_type = read.content_type().and_then(|text| MediaType::new(&text).ok());
    let content_type = content_type.unwrap_or_else(MediaType::text_plain);
    match builder.build(&content_type, read.body()) {
        Ok(built) => {
            let again = CpimRef::parse_with(&built, CpimTolerances::none()).unwrap();
            assert_eq!(again.from(), Some(from));
            assert!(again.to().eq(read.to()) && again.cc().eq(read.cc()));
            assert_eq!(again.date_time(), read.date_time());
            assert_eq!(again.subjects().next().map(|it| it.text()), subject.map(|it| it.text()));
            assert_eq!(again.content_type().as_deref(), Some(content_type.as_str()));
            assert_eq!(again.body(), read.body());
        }
        Err(BuildError::Value | BuildError::TooLong) => {}
        Err(wrong) => panic!("{wrong}"),
    }
}
