//! What session descriptions (SDP) say about MSRP.
//!
//! So far: MSRP over WebRTC data channels (RFC 8873).

mod data_channel;

pub use self::data_channel::{
    ChannelSession, DataChannel, DataChannelError, DataChannels, Dcmap, DcmapError, Dcsa,
    DcsaError, MaxMessageSize, Reliability, SctpAttributeError, SctpPort, Setup, StreamId,
};
