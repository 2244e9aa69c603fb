//! What the Content-Disposition of a message says of its file (RFC 2183).

use std::fmt::Write;
use std::path::Path;

use anyhow::bail;
use msrp_sdp::file::{ContentDisposition, FileDisposition};

#[derive(clap::Args)]
pub(super) struct Disposition {
    /// Name of the file, for the receiver. Default: that of --file; "" for none.
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// What the receiver should do with the content: "render", "attachment" or another
    /// disposition type. Default: "attachment" for what has a name.
    #[arg(long, value_name = "TYPE")]
    disposition: Option<FileDisposition>,
}

impl Disposition {
    /// The value of Content-Disposition (RFC 5547 section 6). `None` for a text or a
    /// stream of which nothing is known. `file` has its size unless it is a pipe, whose
    /// name means nothing.
    pub(super) fn value(
        &self,
        file: Option<&Path>,
        size: Option<u64>,
    ) -> anyhow::Result<Option<String>> {
        let file = file.filter(|_| size.is_some());
        let own_name = file.and_then(Path::file_name).map(|name| name.to_string_lossy().into());
        let name = self.name.clone().or(own_name).filter(|name| !name.is_empty());
        if name.is_none() && self.disposition.is_none() {
            return Ok(None);
        }
        let disposition = self.disposition.clone().unwrap_or(FileDisposition::ATTACHMENT);
        let mut value = ContentDisposition::new(disposition);
        (value.filename, value.size) = (name, size);
        let mut text = String::new();
        if write!(text, "{value}").is_err() {
            bail!("the name of the file has control characters: give another with --name");
        }
        Ok(Some(text))
    }
}
