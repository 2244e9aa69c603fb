//! Who is in the room, for its conference event package.

use msrp::Nickname;
use msrp_cpim::conference::{ConferenceInfo, User};

use crate::participant::Participant;
use crate::room::Room;
use crate::seat::Seat;

impl Room {
    /// The roster of the room with the nicknames (RFC 7701 section 7.4), as a full document of
    /// this version: each user once, under the URI that the room shows.
    ///
    /// ```
    /// use msrp_chatroom::{Participant, Room, RoomConfig};
    ///
    /// let mut room = Room::new("sip:pier@chat.example", RoomConfig::default())?;
    /// let ada = room.join(Participant::new("sip:ada@example.com")?)?;
    /// room.use_nickname(ada, Some(&"Captain".parse()?));
    /// // The body of a NOTIFY, of type `msrp_cpim::conference::CONFERENCE_INFO_TYPE`:
    /// let xml = room.conference_info(1).to_xml();
    /// assert!(xml.contains("xcon:nickname=\"Captain\""));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn conference_info(&self, version: u32) -> ConferenceInfo {
        let seats = self.seats().filter_map(|seat| Some((seat, self.participant(seat)?)));
        let first = seats.filter(|(seat, shown)| self.find(shown.uri()).next() == Some(*seat));
        let users: Vec<User> = first.map(|(_, shown)| self.user(shown)).collect();
        let count = u32::try_from(users.len()).unwrap_or(u32::MAX);
        let mut info = ConferenceInfo::new(self.uri()).version(version).user_count(count);
        info.users = users;
        info
    }

    fn user(&self, shown: &Participant) -> User {
        let nickname = |seat: Seat| self.nickname(seat).map(Nickname::as_str);
        let mut user = User::new(shown.uri());
        user.nickname = self.find(shown.uri()).find_map(nickname).map(str::to_owned);
        user
    }
}
