//! Hostile content in a real browser. `.ci/run pages` runs it.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::process::Command;
use std::sync::{Arc, Mutex};

use msrp_tokio::content::{Content, Declared, Policy, SANDBOX};

/// Each asks the server for `/pwned` as soon as it runs or loads something.
const HOSTILE: &[(&str, &str)] = &[
    ("text/html", "<script>new Image().src='/pwned'</script>"),
    ("text/html", "<img src=/pwned>"),
    ("text/html", "<img src=x: onerror=\"new Image().src='/pwned'\">"),
    ("text/html", "<svg onload=\"new Image().src='/pwned'\"></svg>"),
    ("text/html", "<svg><image href=/pwned></image></svg>"),
    ("text/html", "<p style='background: url(/pwned)'>a</p>"),
    ("text/html", "<style>body { background: url(/pwned) }</style>"),
    ("text/html", "<style>@import '/pwned';</style>"),
    ("text/html", "<link rel=stylesheet href=/pwned>"),
    ("text/html", "<iframe src=/pwned></iframe><embed src=/pwned><object data=/pwned></object>"),
    ("text/html", "<iframe srcdoc=\"<img src=/pwned>\"></iframe>"),
    ("text/html", "<video poster=/pwned src=/pwned autoplay></video><audio src=/pwned autoplay>"),
    ("text/html", "<meta http-equiv=refresh content='0;url=/pwned'>"),
    ("text/html", "<form action=/pwned><input autofocus onfocus='form.submit()'></form>"),
    ("text/html", "<body onload=\"location='/pwned'\">"),
    ("text/html", "<math><mtext><mglyph><style><!--</style><img src=/pwned>--></style></mglyph>"),
    ("text/html", "<noscript><p title=\"</noscript><img src=/pwned>\"></noscript>"),
    ("image/svg+xml", "<svg xmlns='http://www.w3.org/2000/svg' onload=\"fetch('/pwned')\"/>"),
    (
        "image/svg+xml",
        "<svg xmlns='http://www.w3.org/2000/svg'><script>fetch('/pwned')</script></svg>",
    ),
    ("image/png", "<script>new Image().src='/pwned'</script>"),
    ("text/plain", "<script>new Image().src='/pwned'</script>"),
];

/// How hostile content is served.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Served {
    /// As it is.
    Bare,
    /// As it is, with the fields of the sandbox.
    InTheSandbox,
    /// As far as it is HTML, cleaned, and without a sandbox.
    Cleaned,
}

/// What `/pwned` was asked for by.
type Victims = Arc<Mutex<Vec<String>>>;

/// A server of one page with a frame for each hostile content, and its address.
fn serve(served: Served) -> (String, Victims) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let victims = Victims::default();
    let noted = Arc::clone(&victims);
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let noted = Arc::clone(&noted);
            std::thread::spawn(move || answer(stream, served, &noted));
        }
    });
    (address, victims)
}

fn answer(mut stream: TcpStream, served: Served, victims: &Victims) {
    let head: Vec<String> = BufReader::new(&stream)
        .lines()
        .map_while(Result::ok)
        .take_while(|it| !it.is_empty())
        .collect();
    let path = head.first().and_then(|line| line.split(' ').nth(1)).unwrap_or_default();
    let (content_type, body, is_hostile) = match path.trim_start_matches('/').parse::<usize>() {
        Ok(number) => {
            let (content_type, body) = HOSTILE[number];
            (content_type, body_of(served, content_type, body), true)
        }
        Err(_) if path == "/pwned" => {
            victims.lock().unwrap().push(head.join("\n"));
            ("text/plain", String::new(), false)
        }
        Err(_) => ("text/html", page(), false),
    };
    let sandbox: String = (SANDBOX.iter())
        .filter(|_| is_hostile && served == Served::InTheSandbox)
        .map(|(name, value)| format!("{name}: {value}\r\n"))
        .collect();
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: {content_type}\r\nContent-Length: {}\r\n\
         Connection: close\r\n{sandbox}\r\n",
        body.len()
    );
    let _ = stream.write_all((head + &body).as_bytes());
}

fn body_of(served: Served, content_type: &str, body: &str) -> String {
    if served != Served::Cleaned {
        return body.to_owned();
    }
    match Policy::default().read(&Declared::new(content_type), &body.to_owned().into()) {
        Content::Html(html) => html.as_str().to_owned(),
        // It is not shown, or as text.
        _ => String::new(),
    }
}

fn page() -> String {
    let frame = |number| format!("<iframe src=/{number}></iframe>");
    (0..HOSTILE.len()).map(frame).collect::<String>() + "<p>all frames are here</p>"
}

/// What `/pwned` was asked for by while the browser showed the page.
fn victims(served: Served) -> Vec<String> {
    let (address, victims) = serve(served);
    let profile =
        std::env::temp_dir().join(format!("msrp-content-{}-{served:?}", std::process::id()));
    let shown = Command::new("chromium")
        .args(["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"])
        .args(["--virtual-time-budget=10000", "--dump-dom"])
        .arg(format!("--user-data-dir={}", profile.display()))
        .arg(format!("http://{address}/"))
        .output()
        .expect("chromium is installed; see .ci/run pages");
    let _ = std::fs::remove_dir_all(profile);
    assert!(String::from_utf8_lossy(&shown.stdout).contains("all frames are here"));
    std::mem::take(&mut victims.lock().unwrap())
}

#[test]
#[ignore = "needs chromium"]
fn nothing_hostile_runs_in_a_browser() {
    assert!(victims(Served::Bare).len() >= 10, "the content is hostile");
    for served in [Served::InTheSandbox, Served::Cleaned] {
        let victims = victims(served);
        assert!(victims.is_empty(), "{served:?}: {}", victims.join("\n\n"));
    }
}
