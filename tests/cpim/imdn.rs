//! imdn
