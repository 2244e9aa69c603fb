//! Notifications and rosters: documents, and what a message/cpim gets for an answer.

use msrp_cpim::conference::ConferenceInfo;
use msrp_cpim::imdn::{Disposition, ImdnHeaders, Notification, Notifier};
use msrp_cpim::is_composing::IsComposing;
use msrp_cpim::{Address, BuildError, CpimRef, CpimTolerances, DateTime};

pub(crate) fn run(data: &[u8]) {
    if let Ok(read) = Notification::parse(data)
        && is_within_limits(&read.to_xml())
    {
        let again = Notification::parse(read.to_xml().as_bytes()).unwrap();
        assert_eq!((again.message_id(), again.date_time()), (read.message_id(), read.date_time()));
        assert_eq!(again.disposition(), read.disposition());
        assert_eq!(again.other_disposition(), read.other_disposition());
        assert_eq!(again.recipient(), read.recipient());
        assert_eq!(again.subject(), read.subject());
    }
    if let Ok(read) = IsComposing::parse(data) {
        assert_eq!(IsComposing::parse(read.to_xml().as_bytes()), Ok(read));
    }
    if let Ok(read) = ConferenceInfo::parse(data) {
        // References as letters can be more than is read.
        let again = ConferenceInfo::parse(read.to_xml().as_bytes());
        assert!(again.as_ref().map_or(data.len() > 64 * 1024, |again| *again == read));
    }
    if let Ok(message) = CpimRef::parse(data) {
        assert_answered(&message);
    }
}

/// What names its recipient once is written with both URIs, and references as
/// letters: that can be more than is read.
fn is_within_limits(xml: &str) -> bool {
    let (declarations, equals_signs) = (xml.matches("xmlns").count(), xml.matches('=').count());
    xml.len() <= 64 * 1024 && declarations <= 16 && equals_signs <= 1024
}

fn assert_answered(message: &CpimRef<'_>) {
    let headers = ImdnHeaders::of(message);
    assert!(!headers.is_notification() || headers.requests().count() == 0);
    let (recipient, now) = (Address::new("im:bob@x").unwrap(), "2026-05-15T15:02:31Z");
    let now = DateTime::parse(now).unwrap();
    let Ok(mut notifier) = Notifier::new(message, &recipient) else { return };
    for disposition in [
        Disposition::Delivered,
        Disposition::DeliveryFailed,
        Disposition::DeliveryForbidden,
        Disposition::Displayed,
    ] {
        let is_wanted = notifier.wants(disposition);
        match notifier.notify(disposition, "0wn", &now) {
            Ok(answer) => {
                assert!(is_wanted && !notifier.wants(disposition));
                let read = CpimRef::parse_with(&answer, CpimTolerances::none()).unwrap();
                assert!(ImdnHeaders::of(&read).is_notification());
                assert_eq!(read.to().next(), message.from());
                assert!(ImdnHeaders::of(&read).route().eq(headers.record_route()));
                let about = Notification::parse(read.body()).unwrap();
                assert_eq!(Some(about.message_id()), headers.message_id());
            }
            Err(BuildError::NotRequested | BuildError::AlreadySent) => assert!(!is_wanted),
            Err(_) => assert!(is_wanted),
        }
    }
}
