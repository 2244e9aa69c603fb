//! Bodies of several parts: a media type on the first line, and the body.

use msrp::MediaType;
use msrp_cpim::BuildError;
use msrp_cpim::multipart::{MAX_DEPTH, Multipart, MultipartBuilder, Part};

pub(crate) fn run(data: &[u8]) {
    let end = data.iter().position(|octet| *octet == b'\n').unwrap_or(data.len());
    let (content_type, body) = data.split_at(end);
    let Ok(content_type) = std::str::from_utf8(content_type) else { return };
    let Ok(multipart) = Multipart::parse(content_type, body.get(1..).unwrap_or_default()) else {
        return;
    };
    assert_walked(&multipart, body, 1);
    assert_written(&multipart);
}

fn assert_walked(multipart: &Multipart<'_>, within: &[u8], depth: usize) {
    assert!(depth <= MAX_DEPTH);
    let range = within.as_ptr_range();
    let mut last = range.start;
    for part in multipart.parts().filter_map(Result::ok) {
        let _ = (part.content_type(), part.essence());
        if !part.body().is_empty() {
            let found = part.body().as_ptr_range();
            assert!(last <= found.start && found.end <= range.end);
            last = found.end;
        }
        if let Ok(inner) = part.multipart() {
            assert_walked(&inner, part.body(), depth + 1);
        }
    }
    let understood = multipart.preferred(|_| true);
    assert_eq!(understood, multipart.parts().filter_map(Result::ok).last());
    assert!(multipart.root().is_none() || understood.is_some());
}

/// The parts that were read, said anew, are read again.
fn assert_written(multipart: &Multipart<'_>) {
    let parts: Vec<Part<'_>> = multipart.parts().filter_map(Result::ok).take(64).collect();
    let types: Vec<MediaType> = parts
        .iter()
        .map(|part| {
            MediaType::new(&part.content_type()).unwrap_or_else(|_| MediaType::text_plain())
        })
        .collect();
    let mut builder = MultipartBuilder::mixed("0123456789");
    for (part, media_type) in parts.iter().zip(&types) {
        builder = builder.part(media_type, &[], part.body());
    }
    match builder.build() {
        Ok((content_type, body)) => {
            let again = Multipart::parse(content_type.as_str(), &body).unwrap();
            let again: Vec<_> = again.parts().map(Result::unwrap).collect();
            assert_eq!(again.len(), parts.len());
            for ((again, part), media_type) in again.iter().zip(&parts).zip(&types) {
                assert_eq!(again.body(), part.body());
                assert_eq!(again.content_type(), media_type.as_str());
            }
        }
        Err(BuildError::NoParts) => assert!(parts.is_empty()),
        Err(wrong) => assert_eq!(wrong, BuildError::BoundaryInPart),
    }
}
