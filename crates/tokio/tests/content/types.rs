//! Each type of content gets its treatment.

use bytes::Bytes;
use msrp_tokio::content::{Content, Declared, Html, Policy, Treatment};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use super::{hostile_text, is_seen};

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR<script>alert(1)</script>";

fn read(declared: &Declared<'_>, octets: &[u8]) -> Content {
    Policy::default().read(declared, &Bytes::copy_from_slice(octets))
}

fn text(content_type: &str, octets: &[u8]) -> Option<String> {
    match read(&Declared::new(content_type), octets) {
        Content::Text(text) => Some(text),
        _ => None,
    }
}

fn html(source: &str) -> Html {
    match read(&Declared::new("text/html"), source.as_bytes()) {
        Content::Html(html) => html,
        other => panic!("{other:?}"),
    }
}

fn saved(content: Content) -> String {
    match content {
        Content::File { name, .. } => name,
        other => panic!("{other:?}"),
    }
}

#[test]
fn text_is_read_by_its_charset() {
    for (content_type, octets, shown) in [
        ("text/plain", "Grüße".as_bytes(), "Grüße"),
        ("Text/Plain; Charset=\"UTF-8\"", "Grüße".as_bytes(), "Grüße"),
        ("text/plain;charset=us-ascii", "Grüße".as_bytes(), "Grüße"),
        ("text/plain;charset=ISO-8859-1", b"Gr\xfc\xdfe", "Grüße"),
        ("text/plain;charset=windows-1251", b"\xcf\xf0\xe8\xe2\xe5\xf2", "Привет"),
        ("text/plain;charset=shift_jis", b"\x93\xfa\x96\x7b", "日本"),
        ("text/plain;charset=utf-16le", b"H\0i\0", "Hi"),
        ("text/plain;charset=utf-16", b"\xfe\xff\0H\0i", "Hi"),
        ("text/plain", b"\xef\xbb\xbfHi", "Hi"),
        ("text/plain", b"a\xffb\xc0\xaf", "a\u{fffd}b\u{fffd}\u{fffd}"),
        ("text/plain;charset=iso-2022-jp", b"\x1b$BF|\x1b(B\x1b[2J", "日\u{fffd}[2J"),
    ] {
        assert_eq!(text(content_type, octets).as_deref(), Some(shown), "{content_type}");
    }
    for unknown in ["utf-7", "hz-gb-2312", "x", "", "\u{ff}"] {
        assert_eq!(text(&format!("text/plain;charset={unknown}"), b"+ADw-script+AD4-"), None);
    }
}

#[test]
fn text_shows_what_a_terminal_would_obey() {
    let hostile = "\x1b[2J\x1b]0;pwned\x07\u{9b}31m\u{202e}b\r\n<ada> fake";
    let shown = text("text/plain", hostile.as_bytes()).unwrap();
    assert_eq!(shown, "␛[2J␛]0;pwned␇[U+009B]31m[U+202E]b\n<ada> fake");
}

#[test]
fn html_keeps_words_and_loses_what_acts() {
    for (source, kept) in [
        ("<p>Hello <b>you</b></p>", "<p>Hello <b>you</b></p>"),
        ("a<script>alert(1)</script>b<style>p{}</style>", "ab"),
        ("<img src=x onerror=alert(1)>a", "a"),
        ("<svg onload=alert(1)><a xlink:href='javascript:alert(1)'>x</a></svg>", ""),
        ("<p style='position:fixed' onclick=x() id=y class=z dir=rtl>a</p>", "<p>a</p>"),
        ("<bdo dir=rtl>abc</bdo>", "abc"),
        ("<iframe src=//evil></iframe><form action=//evil><input name=a></form>", ""),
        ("<meta http-equiv=refresh content='0;url=//evil'><base href=//evil>a", "a"),
        ("a&#x202e;b&#27;[2J&#x200b;", "a[U+202E]b␛[2J[U+200B]"),
        ("&lt;script&gt;", "&lt;script&gt;"),
        ("<scr<script>ipt>alert(1)</script>", "ipt&gt;alert(1)"),
    ] {
        let cleaned = html(source);
        let has_no_link = !kept.contains("href");
        assert!(has_no_link && !cleaned.as_str().contains("alert(1)<"), "{cleaned:?}");
        assert!(cleaned.as_str().starts_with(kept) || kept.is_empty(), "{source}: {cleaned:?}");
    }
}

#[test]
fn links_lead_where_people_may_go() {
    for scheme in ["http", "https", "sip", "mailto"] {
        let link = format!("<a href=\"{scheme}:x\">a</a>");
        assert!(html(&link).as_str().contains(&format!("href=\"{scheme}:x\"")), "{link}");
    }
    for target in [
        "javascript:alert(1)",
        "java\tscript:alert(1)",
        "&#106;avascript:alert(1)",
        "data:text/html,x",
        "vbscript:x",
        "file:///etc/passwd",
        "\x01javascript:x",
    ] {
        let link = format!("<a href=\"{target}\">a</a>");
        assert!(!html(&link).as_str().contains("href"), "{link}: {:?}", html(&link));
    }
}

#[test]
fn html_becomes_text_for_a_terminal() {
    let source = "<p>Hello <b>you</b> &amp; me</p><ul><li>one<li>two</ul>\
        <p>See <a href='https://evil.example'>https://bank.example</a>&#27;[2J<br>end</p>";
    let shown = html(source).to_text();
    assert!(shown.contains("Hello **you** & me\n"), "{shown}");
    assert!(shown.contains("* one\n* two"), "{shown}");
    assert!(shown.contains("https://evil.example"), "a link shows where it leads: {shown}");
    assert!(shown.contains("␛[2J\nend"), "{shown}");
}

#[test]
fn html_that_takes_long_is_a_file() {
    let large = format!("<p>{}", "x".repeat(64 * 1024));
    for source in [&large[..], &"<ul><li>".repeat(2000), &"<b>".repeat(3000)] {
        let declared = Declared::new("text/html").named("page.html");
        assert_eq!(saved(read(&declared, source.as_bytes())), "page.html");
    }
}

#[test]
fn an_image_is_shown_if_it_is_one() {
    let image = |content_type, octets| read(&Declared::new(content_type), octets);
    for (content_type, octets, media_type) in [
        ("image/png", PNG, "image/png"),
        ("image/jpg", b"\xff\xd8\xff\xe0".as_slice(), "image/jpeg"),
        ("image/gif", b"GIF89a", "image/gif"),
        ("image/webp", b"RIFF\x10\0\0\0WEBPVP8 ", "image/webp"),
    ] {
        // The policy names the registered type alone.
        let policy = Policy::default().with("image/*", Treatment::Image);
        let declared = Declared::new(content_type);
        match policy.read(&declared, &Bytes::copy_from_slice(octets)) {
            Content::Image { media_type: shown, octets: kept, .. } => {
                assert_eq!((shown, &kept[..]), (media_type, octets));
            }
            other => panic!("{content_type}: {other:?}"),
        }
    }
    assert_eq!(saved(image("image/png", b"<svg onload=alert(1)>")), "file.bin");
    assert_eq!(saved(image("image/jpeg", PNG)), "file.bin");
    assert_eq!(saved(image("image/svg+xml", b"<svg onload=alert(1)/>")), "file.svg");
    assert_eq!(saved(image("image/png", b"")), "file.bin");
}

#[test]
fn all_else_is_a_file() {
    for (content_type, name) in [
        ("application/pdf", "file.bin"),
        ("application/x-thing", "file.bin"),
        ("text/javascript", "file.js"),
        ("multipart/mixed;boundary=x", "file.bin"),
        ("", "file"),
        ("nonsense", "file"),
        ("\x1b[2J/\u{202e}", "file.bin"),
    ] {
        assert_eq!(saved(read(&Declared::new(content_type), b"alert(1)")), name, "{content_type}");
    }
    let attached = Declared::new("text/plain").disposed("Attachment; filename=a.txt");
    assert_eq!(saved(read(&attached, b"Hello")), "a.txt");
    let large = read(&Declared::new("text/plain"), &[b'x'; 64 * 1024 + 1]);
    assert_eq!(saved(large), "file.txt");
}

#[test]
fn a_cpim_is_treated_as_what_it_wraps() {
    let wrapped = |fields: &str, body: &str| {
        let message = format!("From: <im:ada@example.com>\r\n\r\n{fields}\r\n\r\n{body}");
        read(&Declared::new("Message/CPIM"), message.as_bytes())
    };
    assert_eq!(wrapped("Content-Type: text/plain", "Hi\x1b"), Content::Text("Hi␛".into()));
    assert_eq!(wrapped("X: y", "Hi"), Content::Text("Hi".into()));
    assert!(matches!(wrapped("Content-Type: text/html", "<b>Hi"), Content::Html(_)));
    let file = "Content-Type: application/x-thing\r\nContent-Disposition: render; filename=a.exe";
    assert_eq!(saved(wrapped(file, "Hi")), "a_exe.bin");
    // One within another is a file, and so is what is none.
    assert_eq!(
        saved(wrapped("Content-Type: message/cpim", "From: <a:b>\r\n\r\n\r\nHi")),
        "file.bin"
    );
    assert_eq!(saved(read(&Declared::new("message/cpim"), b"Hi")), "file.bin");
}

#[test]
fn an_encoded_body_is_read_without_its_encoding() {
    let deflated = b"\x78\x9c\xf3\x48\xcd\xc9\xc9\x07\x00\x05\x8c\x01\xf5";
    let declared = |encoding| Declared::new("text/plain").encoded(encoding);
    assert_eq!(read(&declared("deflate"), deflated), Content::Text("Hello".into()));
    assert_eq!(saved(read(&declared("br"), deflated)), "file.bin");
}

#[test]
fn the_table_can_be_changed() {
    let policy = Policy::default()
        .with("text/html", Treatment::Text)
        .with("application/*", Treatment::Refuse)
        .with("application/json", Treatment::Text);
    let read = |content_type, octets: &'static [u8]| {
        policy.read(&Declared::new(content_type), &Bytes::from_static(octets))
    };
    assert_eq!(read("text/html", b"<b>\x1b"), Content::Text("<b>␛".into()));
    assert_eq!(read("application/json; x=y", b"{}"), Content::Text("{}".into()));
    assert_eq!(read("APPLICATION/pdf", b"%PDF-"), Content::Refused);
    assert_eq!(policy.treatment("image/png"), Treatment::Image);
    // A later row overrides those that it covers.
    let policy = policy.with("*", Treatment::Refuse);
    assert_eq!(policy.treatment("text/plain"), Treatment::Refuse);
    assert_eq!(
        Policy::default().max_shown(2).read(&Declared::new("text/plain"), &"abc".into()),
        Content::File { name: "file.txt".into(), octets: "abc".into() }
    );
    // No treatment makes a program of an image that is none.
    let policy = Policy::default().with("image/svg+xml", Treatment::Image);
    assert_eq!(saved(policy.read(&Declared::new("image/svg+xml"), &"<svg/>".into())), "file.svg");
}

fn hostile_html() -> impl Strategy<Value = String> {
    let tag = select(
        &[
            "<p>",
            "</p>",
            "<b>",
            "</b>",
            "<a href='",
            "'>",
            "</a>",
            "<script>",
            "</script>",
            "<style>",
            "<svg>",
            "</svg>",
            "<math>",
            "<mtext>",
            "<mglyph>",
            "<table>",
            "<td>",
            "<!--",
            "-->",
            "<![CDATA[",
            "]]>",
            "<textarea>",
            "</textarea>",
            "<title>",
            "<noscript>",
            "<template>",
            "<img src=x onerror=alert(1)>",
            "&#x202e;",
            "&#27;",
            "&lt;",
            "&amp;lt;",
            "javascript:",
            "<foreignObject>",
            "<select>",
            "<option>",
            "<plaintext>",
            "<xmp>",
            "<br>",
            "<pre>\n",
        ][..],
    );
    vec(prop_oneof![3 => tag.prop_map(str::to_owned), 1 => hostile_text()], 0..16)
        .prop_map(|pieces| pieces.concat())
}

/// All that is said between tags.
fn words(html: &str) -> String {
    let parts = html.split('<').map(|part| part.split_once('>').map_or(part, |it| it.1));
    parts.collect::<String>().replace('\n', "")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn html_has_nothing_hidden_and_no_tag_but_harmless_ones(source in hostile_html()) {
        let cleaned = html(&source);
        let is_fine = |letter| letter == '\n' || is_seen(letter);
        prop_assert!(cleaned.as_str().chars().all(is_fine), "{:?}", cleaned);
        prop_assert!(cleaned.to_text().chars().all(is_fine));
        for tag in cleaned.as_str().split('<').skip(1) {
            let name = tag.trim_start_matches('/').split(|it: char| !it.is_ascii_alphanumeric()).next();
            prop_assert!(!["script", "style", "svg", "math", "img", "", "iframe"].contains(&name.unwrap()), "{:?}", cleaned);
        }
        prop_assert_eq!(words(html(cleaned.as_str()).as_str()), words(cleaned.as_str()), "{}", source);
    }

    #[test]
    fn anything_is_read(content_type in hostile_text(), octets in vec(any::<u8>(), 0..200)) {
        let types = ["text/plain", "text/html", "image/png", "message/cpim", &content_type];
        for content_type in types {
            match read(&Declared::new(content_type).named(content_type), &octets) {
                Content::Text(text) => prop_assert!(text.chars().all(|it| it == '\n' || is_seen(it))),
                Content::Html(_) => {}
                Content::File { octets: kept, .. } => prop_assert!(octets.ends_with(&kept)),
                other => prop_assert!(octets.starts_with(b"\x89PNG"), "{:?}", other),
            }
        }
    }
}
