//! What a hostile peer does.

use msrp::SessionConfig;

use crate::endurance::hostile::{Hostile, MAX_SIZE};
use crate::endurance::plan::{chance, pick, secs};

const STATUSES: [u16; 20] = [
    200, 200, 200, 200, 100, 202, 299, 300, 400, 403, 404, 408, 413, 415, 423, 428, 481, 501, 506,
    799,
];

/// Whether a status ends the session: as a response, or as a REPORT (RFC 4975
/// sections 7.3.2, 10.1 to 10.11).
const fn ends_session(status: u16, is_report: bool, has_range: bool) -> bool {
    match status {
        200..=299 | 400 | 403 | 404 | 413 | 415 | 423 | 428 | 501 => false,
        481 | 506 => true,
        _ => is_report && has_range,
    }
}

impl Hostile {
    pub fn bind(&mut self) {
        let number = self.keys.len();
        let session = self.peer.add_session(number);
        let (receive, responses) = self.terms[number % 3];
        let local = self.peer.sessions[session].ours.parse().unwrap();
        let config = SessionConfig::expected(local)
            .receive(receive)
            .responses(responses)
            .max_size(MAX_SIZE as u64);
        self.table.insert(config).unwrap();
        self.keys.push(None);
        let fields = format!("Message-ID: b{number:06}\r\nByte-Range: 1-0/0\r\n");
        let (_, octets) = self.peer.request(session, "SEND", &fields, None, '$');
        self.feed(&octets);
    }

    pub fn step(&mut self) {
        let session = self.rng.below(self.keys.len() as u64) as usize;
        match self.rng.below(100) {
            0..25 => self.begin_message(session),
            25..40 => self.continue_message(session),
            40..47 => self.repeat_message(session),
            47..60 => self.answer(),
            60..66 => self.answer_late(),
            66..73 => self.report(session),
            73..83 => self.send(session),
            83..90 => self.act(session),
            90..92 => self.deaf_until = self.now + secs(self.rng.below(40)),
            92..93 => self.odd_request(session),
            93..94 => self.asleep_until = self.now + secs(self.rng.below(60)),
            _ => {
                let most = pick(&mut self.rng, &[1, 10, 40, 200]);
                let seconds = self.rng.below(most) + 1;
                self.pass(secs(seconds), false);
            }
        }
    }

    fn begin_message(&mut self, session: usize) {
        let id = self.peer.fresh("p");
        let times = pick(&mut self.rng, &[1, 1, 1, 10]);
        for _ in 0..times {
            let id = if times > 1 { self.peer.fresh("p") } else { id.clone() };
            let len = 1 + self.rng.below(3_000) as usize;
            let start = pick(&mut self.rng, &[1, 1, 1, 1, 500, u64::MAX - 5]);
            let total = pick(&mut self.rng, &["*", "*", "10000", "18446744073709551615"]);
            let flag = pick(&mut self.rng, &['+', '+', '$', '#']);
            if start == 1 && flag == '+' {
                self.peer.sessions[session].begun.push((id.clone(), len));
            } else if flag == '$' {
                self.peer.sessions[session].finished.push(id.clone());
            }
            let range = format!("{start}-*/{total}");
            self.chunk(session, &id, &range, len, flag);
        }
    }

    fn continue_message(&mut self, session: usize) {
        let begun = &mut self.peer.sessions[session].begun;
        if begun.is_empty() {
            return;
        }
        let at = self.rng.below(begun.len() as u64) as usize;
        let len = 1 + self.rng.below(2_000) as usize;
        let (id, start) = begun[at].clone();
        begun[at].1 += len;
        let flag = pick(&mut self.rng, &['+', '$', '$', '#']);
        if flag != '+' {
            begun.swap_remove(at);
            self.peer.sessions[session].finished.push(id.clone());
        }
        let range = match self.rng.below(8) {
            0 => String::new(),
            1 => format!("{}-*/*", start * 2 + 5),
            2 => format!("{}-{}/{}", start + 1, start + len, start + len),
            _ => format!("{}-*/*", start + 1),
        };
        self.chunk(session, &id, &range, len, flag);
    }

    fn repeat_message(&mut self, session: usize) {
        let finished = &self.peer.sessions[session].finished;
        if finished.is_empty() {
            return;
        }
        let id = finished[self.rng.below(finished.len() as u64) as usize].clone();
        let range = pick(&mut self.rng, &["1-*/*", "3-*/*", "1000-*/*", ""]);
        let flag = pick(&mut self.rng, &['+', '+', '$', '#']);
        let len = self.rng.below(100) as usize;
        self.chunk(session, &id, range, len, flag);
    }

    fn chunk(&mut self, session: usize, id: &str, range: &str, len: usize, flag: char) {
        let mut fields = format!("Message-ID: {id}\r\n");
        if !range.is_empty() {
            fields.push_str(&format!("Byte-Range: {range}\r\n"));
        }
        if chance(&mut self.rng, 30) {
            let failure = pick(&mut self.rng, &["no", "partial", "yes"]);
            let success = pick(&mut self.rng, &["yes", "no"]);
            fields.push_str(&format!("Failure-Report: {failure}\r\nSuccess-Report: {success}\r\n"));
        }
        if chance(&mut self.rng, 10) {
            let filler = "f".repeat(200);
            (0..50).for_each(|n| fields.push_str(&format!("X-{n}: {filler}\r\n")));
        }
        let body = vec![b'x'; len];
        let (_, mut octets) = self.peer.request(session, "SEND", &fields, Some(&body), flag);
        if chance(&mut self.rng, 1) {
            // It falls silent at any octet, and goes on.
            let rest = octets.split_off(self.rng.below(octets.len() as u64) as usize);
            self.feed(&octets);
            self.pass(secs(1 + self.rng.0 % 25), false);
            octets = rest;
        }
        self.feed(&octets);
    }

    fn answer(&mut self) {
        if self.peer.requests.is_empty() {
            return;
        }
        let at = self.rng.below(self.peer.requests.len() as u64) as usize;
        let request = self.peer.requests.swap_remove(at);
        let status = pick(&mut self.rng, &STATUSES);
        let id = request.sent.id.clone();
        let octets = self.peer.response(request.session, &id, status);
        // Nothing but octets or the end of a message is refused alone.
        let is_message = request.sent.len() > 0 || request.sent.flag == '#';
        let ends = ends_session(status, false, false) || (!is_message && status != 200);
        if ends {
            self.may_end.push(request.session);
        }
        let is_timely = self.now < request.at + self.config.transaction_timeout;
        let key = self.keys[request.session];
        self.feed(&octets);
        let was_open = key.is_some();
        let asks = request.sent.header("Failure-Report") != Some("no");
        let is_read = self.has_read_all() && !self.connection.is_closed();
        if ends && is_message && was_open && is_timely && asks && is_read {
            let is_open = self.keys[request.session] == key;
            assert!(!is_open, "scope: a response {status} leaves {key:?} open");
        }
        self.peer.old.push(id);
    }

    /// Answers what has its response, or never asked.
    fn answer_late(&mut self) {
        let Some(id) = self.peer.old.last().cloned() else { return };
        let session = self.rng.below(self.keys.len() as u64) as usize;
        let status = pick(&mut self.rng, &STATUSES);
        if ends_session(status, false, false) {
            self.may_end.extend(0..self.keys.len());
        }
        let octets = self.peer.response(session, &id, status);
        self.feed(&octets);
    }

    fn report(&mut self, session: usize) {
        let heard = &self.peer.sessions[session].heard;
        let id = match heard.len() as u64 {
            0 => "unheard".to_owned(),
            len => heard[self.rng.below(len) as usize].clone(),
        };
        let status = pick(&mut self.rng, &STATUSES);
        let has_range = chance(&mut self.rng, 70);
        let range = if has_range { "Byte-Range: 1-50/*\r\n" } else { "" };
        let fields = format!("Message-ID: {id}\r\n{range}Status: 000 {status:03} so\r\n");
        let (_, octets) = self.peer.request(session, "REPORT", &fields, None, '$');
        if ends_session(status, true, has_range) {
            self.may_end.push(session);
        }
        self.feed(&octets);
    }

    fn odd_request(&mut self, session: usize) {
        let (method, fields) = pick(
            &mut self.rng,
            &[
                ("NICKNAME", "Use-Nickname: \"x\"\r\n"),
                ("WHAT", ""),
                ("SEND", "Message-ID: q\r\nByte-Range: nonsense\r\n"),
                ("SEND", ""),
                ("REPORT", "Status: nonsense\r\n"),
            ],
        );
        let (_, octets) = self.peer.request(session, method, fields, None, '$');
        self.feed(&octets);
    }
}
