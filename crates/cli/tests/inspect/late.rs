//! Captures of one direction in which segments arrive long after later ones.

use super::captures::{ALICE, BOB, Connection, told};
use super::frames::send;
use super::packets::{Link, Segment, pcap};

/// The octets of a frame that many segments carry.
const BODY: usize = 50_000;

/// So many frames of one side, each in a segment.
fn many(connection: &mut Connection, count: usize) -> Vec<Segment> {
    let body = "x".repeat(BODY);
    (0..count).map(|index| connection.segment(0, send(&format!("many{index}"), &body))).collect()
}

/// The ids of the frames, the kinds of the errors, and what standard error says.
fn read(segments: &[Segment]) -> (Vec<String>, Vec<String>, String) {
    let (printed, told) = told(&pcap(Link::Raw, segments));
    let objects = printed.lines().map(|line| serde_json::from_str(line).unwrap());
    let objects: Vec<serde_json::Value> = objects.collect();
    let text = |value: &serde_json::Value| value.as_str().map(str::to_owned);
    let ids = objects.iter().filter_map(|object| text(&object["transactionId"])).collect();
    let faults = objects.iter().filter_map(|object| text(&object["error"]["kind"])).collect();
    (ids, faults, told)
}

#[test]
fn a_segment_that_comes_too_late_is_told() {
    for (is_from_start, faults) in [(true, vec!["gap"]), (false, vec![])] {
        let mut connection = Connection::new(ALICE, BOB);
        let mut segments = if is_from_start { connection.start()[..1].to_vec() } else { vec![] };
        let late = connection.segment(0, send("late1", "Hello"));
        segments.extend(many(&mut connection, 25));
        segments.push(late.clone());
        segments.push(connection.segment(0, send("last1", "Bye")));
        let (ids, found, told) = read(&segments);
        assert_eq!((ids.len(), ids.last().unwrap().as_str()), (26, "last1"), "{ids:?}");
        assert_eq!(found, faults);
        let expected =
            format!("passed over: {} octets of TCP, which came too late", late.octets.len());
        assert!(told.contains(&expected), "{told}");
    }
}

/// In time are all that come before 1 MiB of later ones.
#[test]
fn a_segment_that_comes_in_time_is_read() {
    let mut connection = Connection::new(ALICE, BOB);
    let mut segments = connection.start()[..1].to_vec();
    let late = connection.segment(0, send("late1", "Hello"));
    segments.extend(many(&mut connection, 20));
    segments.push(late);
    let (ids, faults, told) = read(&segments);
    assert_eq!((ids.len(), ids[0].as_str(), faults, told.as_str()), (21, "late1", vec![], ""));
}

#[test]
fn octets_that_were_read_may_come_again() {
    let mut connection = Connection::new(ALICE, BOB);
    let mut segments = connection.start()[..1].to_vec();
    segments.push(connection.segment(0, send("once1", "Hello")));
    segments.extend(many(&mut connection, 25));
    segments.push(segments[1].clone());
    segments.push(segments[7].clone());
    let (ids, faults, told) = read(&segments);
    assert_eq!((ids.len(), faults, told.as_str()), (26, vec![], ""));
}

/// Of what comes late, what was read before does not count.
#[test]
fn late_octets_are_counted_once_and_without_those_that_were_read() {
    let mut connection = Connection::new(ALICE, BOB);
    let mut segments = connection.start()[..1].to_vec();
    let first = connection.segment(0, send("first", "Hello"));
    let late = connection.segment(0, send("late1", "Hello"));
    segments.push(first.clone());
    segments.extend(many(&mut connection, 25));
    let both = Segment { octets: [&first.octets[..], &late.octets].concat(), ..first };
    segments.extend([late.clone(), both, late.clone()]);
    let (ids, faults, told) = read(&segments);
    assert_eq!((ids.len(), faults), (26, vec!["gap".to_owned()]));
    let expected = format!("passed over: {} octets of TCP, which came too late", late.octets.len());
    assert!(told.contains(&expected), "{told}");
}
