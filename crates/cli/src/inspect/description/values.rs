//! What a section says, as JSON.

use msrp_sdp::file::FileAttributes;
use msrp_sdp::{MediaDescription, MsrpMedia, SdpTolerances};
use serde_json::{Value, json};

/// The lines of a section of any media.
pub(super) fn lines(section: &MediaDescription) -> Value {
    json!({
        "media": section.media(),
        "port": section.port(),
        "protocol": section.protocol(),
        "formats": section.formats(),
        "address": section.address(),
    })
}

/// What a section for MSRP says.
pub(super) fn media(media: &MsrpMedia) -> Value {
    json!({
        "path": media.path().iter().map(|uri| uri.to_string()).collect::<Vec<_>>(),
        "acceptTypes": media.types().types().collect::<Vec<_>>(),
        "acceptWrappedTypes": media.types().wrapped_types().collect::<Vec<_>>(),
        "maxSize": media.max_size(),
        "direction": media.direction().as_str(),
        "setup": media.setup().map(|setup| setup.as_str()),
        "cema": media.has_cema(),
        "secure": media.is_secure(),
        "fingerprints": media.fingerprints().iter().map(ToString::to_string).collect::<Vec<_>>(),
        "chatroom": media.chatroom().map(|room| {
            json!({
                "nickname": room.has_nicknames(),
                "privateMessages": room.has_private_messages(),
                "extensions": room.extensions().collect::<Vec<_>>(),
            })
        }),
        "file": media.file().map(file),
    })
}

fn file(file: &FileAttributes) -> Value {
    let selector = &file.selector;
    json!({
        "name": selector.name(),
        "type": selector.media_type().map(|media_type| media_type.as_str()),
        "size": selector.size(),
        "hashes": selector.hashes().iter().map(ToString::to_string).collect::<Vec<_>>(),
        "transferId": file.transfer_id.as_ref().map(|id| id.as_str()),
        "disposition": file.disposition.as_ref().map(ToString::to_string),
        "date": file.date.as_ref().map(ToString::to_string),
        "icon": file.icon.as_ref().map(ToString::to_string),
        "range": file.range.as_ref().map(ToString::to_string),
    })
}

/// The names of all the tolerances in these sets.
pub(super) fn names(sets: impl IntoIterator<Item = SdpTolerances>) -> Vec<&'static str> {
    let all = sets.into_iter().flat_map(SdpTolerances::iter);
    let all = all.fold(SdpTolerances::none(), SdpTolerances::with);
    all.iter().map(|tolerance| tolerance.as_str()).collect()
}
