//! The state machines can be sent and shared between threads, whatever their
//! source of random octets is.

const fn is<T: Send + Sync>() {}

const _: () = {
    is::<msrp::Connection>();
    is::<msrp::Tunnel>();
    is::<msrp::Event>();
    #[cfg(feature = "auth")]
    is::<msrp::relay::Relay>();
};
