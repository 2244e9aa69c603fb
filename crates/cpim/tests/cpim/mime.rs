//! MIME values with parameters, against another reader.

use msrp::mime::{MimeValue, MimeValueBuilder};
use msrp::wire::EncodeError;
use msrp_cpim::CpimRef;
use proptest::prelude::*;

fn parameters(text: &str) -> Vec<(&str, String)> {
    let all = MimeValue::new(text).parameters();
    all.map(|(name, value)| (name, value.into_owned())).collect()
}

#[test]
fn values_in_many_spellings() {
    let plain = [("filename", "a b;.jpg".to_owned()), ("size", "7".to_owned())];
    for text in [
        r#"render; filename="a b;.jpg"; size=7"#,
        r#"render;filename="a b;.jpg";size=7"#,
        r#"  render ;  filename = "a b;.jpg" ; size = 7 ; "#,
        "render;\r\n filename=\"a \r\nb;.jpg\";\r\n\tsize=\r\n 7",
        r#"render; filename="\a b\;.jpg"junk; size="7"#,
        r#"render;;; filename="a b;.jpg"; ;size="7""#,
    ] {
        assert_eq!(MimeValue::new(text).main(), "render", "{text}");
        assert_eq!(parameters(text), plain, "{text}");
    }
    assert_eq!(parameters("a/b"), []);
    assert_eq!(
        parameters("a/b; c; =d; e="),
        [("c", String::new()), ("", "d".into()), ("e", String::new())]
    );
    // Printed in RFC 3862 section 5.2: a slash without quotes.
    let signed =
        MimeValue::new("multipart/signed; boundary=next;\r\n protocol=application/pkcs7-signature");
    assert_eq!(signed.parameter("PROTOCOL").as_deref(), Some("application/pkcs7-signature"));
    // The first of two.
    assert_eq!(MimeValue::new("a; b=1; B=2").parameter("b").as_deref(), Some("1"));
}

#[test]
fn parameters_beyond_us_ascii() {
    let of = |text| MimeValue::new(text).parameter("n").map(|it| it.into_owned());
    for (text, value) in [
        ("a; n*=UTF-8'en'%e2%82%ac%20rates", "\u{20ac} rates"),
        ("a; n=plain; n*=utf-8''%C3%A9", "\u{e9}"),
        ("a; n*=utf-8''%C3%A9; n=plain", "\u{e9}"),
        ("a; N*=us-ascii''x%41", "xA"),
        ("a; n=plain; n*=ISO-8859-1''gr%FCn", "gr\u{fc}n"),
        ("a; n=\"raw \u{e9}\"", "raw \u{e9}"),
        // The plain one comes before one that cannot be decoded.
        ("a; n*=koi8-r''%C3; n=plain", "plain"),
        ("a; n*=utf-8''%C3; n=plain", "plain"),
        ("a; n*=utf-8''%4; n=plain", "plain"),
        ("a; n*=utf-8''%+4; n=plain", "plain"),
        ("a; n*=none; n=plain", "plain"),
    ] {
        assert_eq!(of(text).as_deref(), Some(value), "{text}");
    }
    assert_eq!(of("a; n*=koi8-r''%C3"), None);
}

// RFC 2231 sections 3 and 4.1.
#[test]
fn numbered_parts_of_parameters_are_joined() {
    let of = |text| MimeValue::new(text).parameter("n").map(|it| it.into_owned());
    for (text, value) in [
        ("a; n*0=my; n*1=\" holiday\"; N*2=.jpg", "my holiday.jpg"),
        ("a; n*1=b; n*0=a; m*2=x", "ab"),
        ("a; n*0*=utf-8'de'gr%C3; n*1*=%BCn; n*2=\"%41.png\"", "gr\u{fc}n%41.png"),
        ("a; n*0*=iso-8859-1''%FC; n*1=x", "\u{fc}x"),
        ("a; n=plain; n*0=a; n*1=b", "ab"),
        ("a; n*0=a; n*=utf-8''whole", "whole"),
        ("a; n*0=a; n*0=b; n*2=c", "a"),
        ("a; n*0*=koi8-r''%C3; n=plain", "plain"),
        ("a; n*0=a; n*1*=%C3; n=plain", "plain"),
        ("a; n*1=b; n=plain", "plain"),
        ("a; n*+0=b; n*x=c; n**=d; n*99999999999=e; n=plain", "plain"),
    ] {
        assert_eq!(of(text).as_deref(), Some(value), "{text}");
    }
    assert_eq!(of("a; n*1=b"), None);
}

#[test]
fn what_is_not_written() {
    let build = |main: &str, name: &str| MimeValueBuilder::new(main).parameter(name, "v").build();
    for main in ["", "a b", "a/", "/b", "a/b/c", "a;b", "a\r\nb", "\u{e9}"] {
        assert_eq!(build(main, "n"), Err(EncodeError::MimeValue), "{main}");
    }
    for name in ["", "a b", "a=", "a*", "a'", "a%", "a\r\n", "\u{e9}"] {
        assert_eq!(build("a/b", name), Err(EncodeError::MimeParameter), "{name}");
    }
    assert_eq!(build("a/b", "n").as_deref(), Ok("a/b; n=v"));
}

proptest! {
    /// Fields, folded and not, as another reader has them.
    #[test]
    fn fields_read_as_by_another(
        fields in prop::collection::vec(("X-[a-z]{1,5}", "[a-z;=\" ]{0,10}", prop::option::of("[ \t]{1,3}[a-z]{1,5}")), 1..6),
        body in "[a-z\r\n]{0,10}",
    ) {
        let fields: String = fields
            .iter()
            .map(|(name, value, fold)| match fold {
                Some(fold) => format!("{name}: v{value}\r\n{fold}\r\n"),
                None => format!("{name}: v{value}\r\n"),
            })
            .collect();
        let part = format!("{fields}\r\n{body}");
        let message = format!("A: b\r\n\r\nContent-Type: a/b\r\n{part}");
        let ours = CpimRef::parse(message.as_bytes()).unwrap();
        prop_assert_eq!(ours.body(), body.as_bytes());
        let (theirs, at) = mailparse::parse_headers(part.as_bytes()).unwrap();
        prop_assert_eq!(&part[at..], &body);
        let ours: Vec<_> = ours.mime_headers().iter().skip(1).collect();
        prop_assert_eq!(ours.len(), theirs.len());
        for (ours, theirs) in ours.iter().zip(theirs) {
            prop_assert_eq!(ours.name(), theirs.get_key());
            // It turns a fold into one space.
            let words = |text: &str| text.split_ascii_whitespace().map(str::to_owned).collect::<Vec<_>>();
            prop_assert_eq!(words(&ours.text()), words(&theirs.get_value()));
        }
    }

    #[test]
    fn everything_written_reads_back(values in prop::collection::vec(any::<String>(), 0..5)) {
        let mut builder = MimeValueBuilder::new("attachment");
        for (index, value) in values.iter().enumerate() {
            builder = builder.parameter(&format!("n{index}"), value);
        }
        let text = builder.build().unwrap();
        prop_assert!(text.bytes().all(|octet| matches!(octet, b' '..=b'~')));
        let (ours, theirs) = (MimeValue::new(&text), mailparse::parse_content_disposition(&text));
        for (index, value) in values.iter().enumerate() {
            let name = format!("n{index}");
            let found = ours.parameter(&name);
            prop_assert_eq!(found.as_deref(), Some(value.as_str()));
            prop_assert_eq!(theirs.params.get(&name), Some(value));
        }
    }

    /// Reading ends for every text.
    #[test]
    fn any_text_is_a_value(text in "[a;=\"\\\\ \t\r\n*'%/\u{e9}]{0,40}") {
        let value = MimeValue::new(&text);
        prop_assert!(value.parameters().count() <= text.len());
        let _ = (value.main(), value.parameter("a"));
    }
}
