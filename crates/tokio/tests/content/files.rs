//! Names for files: ending, type and octets agree.

use msrp_tokio::content::{Declared, visible_line};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use super::hostile_text;

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR";
const JPEG: &[u8] = b"\xff\xd8\xff\xe0\0\x10JFIF";
const GIF: &[u8] = b"GIF89a";
const PDF: &[u8] = b"%PDF-1.7\n";
const ZIP: &[u8] = b"PK\x03\x04\x14\0\0\0\0\0";
const MP4: &[u8] = b"\0\0\0\x18ftypisom\0\0\x02\0isomiso2";
const EXE: &[u8] = b"MZ\x90\0\x03\0\0\0";
const HTML: &[u8] = b"<!DOCTYPE html><script>alert(1)</script>";
const TEXT: &[u8] = b"Hello";
const SHELL: &[u8] = b"#!/bin/sh\nrm -rf /\n";
const NOISE: &[u8] = b"\x01\x02\x03\x04\0\xff";
const STREAM: &str = "application/octet-stream";

fn name(content_type: &str, name: &str, octets: &[u8]) -> String {
    Declared::new(content_type).named(name).file_name(octets)
}

#[test]
fn what_agrees_keeps_its_name() {
    for (content_type, given, octets) in [
        ("image/png", "cat.png", PNG),
        ("IMAGE/PNG", "cat.PNG", PNG),
        ("image/jpeg", "cat.jpeg", JPEG),
        ("image/jpg", "cat.jpg", JPEG),
        ("image/gif", "cat.gif", GIF),
        ("application/pdf", "My report.v2.pdf", PDF),
        ("application/zip", "all.zip", ZIP),
        ("application/vnd.oasis.opendocument.text", "letter.odt", ZIP),
        ("text/plain", "notes.txt", TEXT),
        ("text/plain;charset=utf-8", "notes.md", TEXT),
        ("text/plain", "main.c", TEXT),
        ("text/plain", "empty.txt", b""),
        ("text/csv", "table.csv", TEXT),
        ("text/html", "page.html", HTML),
        ("application/json", "data.json", b"{}"),
        (STREAM, "cat.png", PNG),
        (STREAM, "README", TEXT),
        (STREAM, "model.step", TEXT),
        (STREAM, "layers.psd", b"8BPS\0\x01"),
        ("video/mp4", "clip.mp4", MP4),
        ("video/mp4", "clip.mp4", b"\0\0\0\x18ftypnew1"),
        (STREAM, "clip.mp4", MP4),
        ("audio/mp4", "voice.m4a", MP4),
        ("audio/mpeg", "song.mp3", b"ID3\x04\0"),
        ("audio/mpeg", "voice.mp3", b"\xff\xf3\x44\xc4"),
        ("video/ogg", "clip.ogv", b"OggS\0\x02"),
        (STREAM, "cube.obj", TEXT),
        ("application/xml", "data.xml", TEXT),
        (STREAM, "all.zip", ZIP),
        ("image/x-icon", "page.ico", b"\0\0\x01\0\x01\0"),
        ("application/x-rar-compressed", "all.rar", b"Rar!\x1a\x07\0"),
        ("application/java-archive", "run.jar", ZIP),
        ("application/x-sh", "run.sh", SHELL),
        ("text/javascript", "run.js", TEXT),
        ("", "notes.txt", TEXT),
    ] {
        assert_eq!(name(content_type, given, octets), given, "{content_type}");
    }
}

#[test]
fn what_contradicts_gets_an_ending_that_does_not() {
    for (content_type, given, octets, safe) in [
        // The ending is not of the type.
        ("image/png", "evil.html", PNG, "evil_html.png"),
        ("image/png", "evil", PNG, "evil.png"),
        ("image/png", "evil.png.exe", PNG, "evil_png_exe.png"),
        ("image/jpeg", "", JPEG, "file.jpg"),
        ("application/pdf", "invoice.exe", PDF, "invoice_exe.pdf"),
        ("text/plain", "notes", TEXT, "notes.txt"),
        ("text/plain", "setup.exe", TEXT, "setup_exe.txt"),
        // The octets are not of the type.
        ("image/png", "evil.html", HTML, "evil_html.bin"),
        ("image/png", "cat.png", HTML, "cat_png.bin"),
        ("image/png", "cat.png", JPEG, "cat_png.bin"),
        ("image/png", "cat.png", b"", "cat_png.bin"),
        ("image/png", "cat.png", NOISE, "cat_png.bin"),
        ("application/pdf", "invoice.pdf", EXE, "invoice_pdf.bin"),
        ("application/pdf", "invoice.pdf", ZIP, "invoice_pdf.bin"),
        ("text/plain", "notes.txt", EXE, "notes_txt.bin"),
        ("text/plain", "notes.txt", NOISE, "notes_txt.bin"),
        ("video/mp4", "clip.mp4", HTML, "clip_mp4.bin"),
        ("video/mp4", "talk.mp4", NOISE, "talk_mp4.bin"),
        ("video/mp4", "talk.mp4", TEXT, "talk_mp4.bin"),
        // No type is declared, and the ending is not of the octets.
        (STREAM, "clip.mp4", NOISE, "clip_mp4.bin"),
        (STREAM, "cat.png", EXE, "cat_png.bin"),
        (STREAM, "cat.png", NOISE, "cat_png.bin"),
        ("", "cat.png", TEXT, "cat_png.bin"),
        // Two of the three are silent, and the third is a program.
        (STREAM, "run.hta", TEXT, "run_hta.bin"),
        (STREAM, "run.desktop", TEXT, "run_desktop.bin"),
        (STREAM, "page.html", TEXT, "page_html.bin"),
        (STREAM, "setup.exe", EXE, "setup_exe.bin"),
        // To Windows a text, and a program.
        ("text/plain", "run.cmd", TEXT, "run_cmd.txt"),
        ("text/plain", "run.VBS", TEXT, "run_VBS.txt"),
        ("text/plain", "run.sh", SHELL, "run_sh.txt"),
        ("text/plain", "page.html", HTML, "page_html.txt"),
        ("text/plain", "run.lnk", TEXT, "run_lnk.txt"),
        ("image/svg+xml", "logo.png", b"<svg/>", "logo_png.svg"),
    ] {
        assert_eq!(name(content_type, given, octets), safe, "{content_type} {given}");
    }
}

/// The endings of all that is known by its first octets, and how it may be declared.
#[test]
fn an_ending_promises_a_look_that_the_octets_have() {
    for (ending, content_type) in [
        ("wasm", "application/wasm"),
        ("sqlite", "application/vnd.sqlite3"),
        ("pem", "application/x-x509-ca-cert"),
        ("epub", "application/epub+zip"),
        ("jpg", "image/jpeg"),
        ("jpeg", "image/jpg"),
        ("webp", "image/webp"),
        ("tiff", "image/tiff"),
        ("bmp", "image/bmp"),
        ("psd", "image/vnd.adobe.photoshop"),
        ("ico", "image/x-icon"),
        ("heic", "image/heic"),
        ("avif", "image/avif"),
        ("mp4", "video/mp4"),
        ("m4v", "video/x-m4v"),
        ("mkv", "video/x-matroska"),
        ("webm", "video/webm"),
        ("webm", "audio/webm"),
        ("mov", "video/quicktime"),
        ("avi", "video/x-msvideo"),
        ("wmv", "video/x-ms-wmv"),
        ("mpg", "video/mpeg"),
        ("flv", "video/x-flv"),
        ("ogv", "video/ogg"),
        ("midi", "audio/midi"),
        ("mp3", "audio/mpeg"),
        ("mp3", "audio/mp3"),
        ("m4a", "audio/mp4"),
        ("ogg", "audio/ogg"),
        ("flac", "audio/flac"),
        ("wav", "audio/wav"),
        ("amr", "audio/amr"),
        ("aac", "audio/aac"),
        ("woff2", "font/woff2"),
        ("ttf", "font/ttf"),
        ("otf", "font/otf"),
        ("doc", "application/msword"),
        ("docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
        ("xls", "application/vnd.ms-excel"),
        ("odt", "application/vnd.oasis.opendocument.text"),
        ("zip", "application/zip"),
        ("zip", "application/x-zip-compressed"),
        ("tar", "application/x-tar"),
        ("gz", "application/gzip"),
        ("bz2", "application/x-bzip2"),
        ("7z", "application/x-7z-compressed"),
        ("xz", "application/x-xz"),
        ("rar", "application/vnd.rar"),
        ("pdf", "application/pdf"),
        ("rtf", "application/rtf"),
        ("ps", "application/postscript"),
        ("zst", "application/zstd"),
        ("dcm", "application/dicom"),
    ] {
        let given = format!("talk.{ending}");
        for octets in [NOISE, TEXT, b""] {
            for content_type in [content_type, STREAM] {
                let safe = format!("talk_{ending}.bin");
                assert_eq!(name(content_type, &given, octets), safe, "{content_type}");
            }
        }
    }
}

#[test]
fn a_name_is_one_without_folders_and_hidden_characters() {
    for (given, safe) in [
        ("../../etc/passwd.png", "passwd.png"),
        ("C:\\Windows\\NUL.png", "_NUL.png"),
        ("photo\u{202e}gnp.exe", "photognp_exe.png"),
        ("ca\u{200b}t\u{e0041}.png", "cat.png"),
        ("\x1b[2Jcat.png", "[2Jcat.png"),
    ] {
        assert_eq!(name("image/png", given, PNG), safe);
    }
    let long = "x".repeat(400);
    assert!(name("image/png", &format!("{long}.html"), PNG).ends_with(".png"));
}

#[test]
fn a_disposition_gives_the_name() {
    let disposed = |value| Declared::new("image/png").disposed(value).file_name(PNG);
    assert_eq!(disposed("attachment; filename=\"a b.png\""), "a b.png");
    assert_eq!(disposed("render; filename*=UTF-8''gr%C3%BCn.html"), "grün_html.png");
    assert_eq!(disposed("render"), "file.png");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn any_name_becomes_a_visible_one_of_its_type(
        given in hostile_text(),
        ending in "(\\.[a-z0-9]{1,5}){0,2}",
        content_type in select(&["image/png", "text/plain", "text/html", STREAM, "x", "*/*", ""][..]),
        octets in prop_oneof![
            select(&[PNG, JPEG, PDF, EXE, HTML, TEXT, ZIP][..]).prop_map(<[u8]>::to_vec),
            vec(any::<u8>(), 0..64),
        ],
    ) {
        let made = name(content_type, &format!("{given}{ending}"), &octets);
        prop_assert_eq!(msrp_sdp::file::safe_name(&made), &made[..]);
        prop_assert_eq!(visible_line(&made), &made[..]);
        prop_assert_eq!(name(content_type, &made, &octets), &made[..]);
        let ending = made.rsplit('.').next().unwrap().to_ascii_lowercase();
        if content_type == "image/png" {
            prop_assert!(ending == if octets.starts_with(b"\x89PNG") { "png" } else { "bin" }, "{}", made);
        }
        if matches!(content_type, "text/plain" | "image/png") {
            prop_assert!(!["exe", "html", "htm", "js", "cmd", "sh"].contains(&&ending[..]), "{}", made);
        }
    }
}
