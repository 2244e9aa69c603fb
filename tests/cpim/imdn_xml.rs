//! imdn_xml
