//! Two agents: Alice calls Bob, they chat, and she sends him a file. A SIP stack would
//! carry their descriptions.

use std::error::Error;
use std::path::Path;

use msrp_sdp::{MediaDescription, MsrpMedia, Offer};
use msrp_tokio::{Endpoint, Session};
use tokio::sync::oneshot::{Receiver, Sender, channel};

type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

#[tokio::main(flavor = "current_thread")]
pub(crate) async fn main() -> Result<()> {
    let folder = std::env::temp_dir().join(format!("msrp-agents-{}", std::process::id()));
    tokio::fs::create_dir_all(&folder).await?;
    let ((invite, invited), (ok, accepted)) = (channel(), channel());
    tokio::try_join!(alice(invite, accepted, &folder), bob(invited, ok, &folder))?;
    Ok(tokio::fs::remove_dir_all(folder).await?)
}

async fn alice(invite: Sender<String>, ok: Receiver<String>, folder: &Path) -> Result<()> {
    let endpoint = Endpoint::builder().bind("127.0.0.1:0").await?;
    let offer = Offer::new(endpoint.local()?)?;
    invite.send(offer.description().to_string())?;
    let section: MediaDescription = ok.await?.parse()?;
    let plan = msrp_sdp::complete(&offer, &MsrpMedia::parse(&section)?)?;
    let mut session = endpoint.session(plan).await?;
    session.send("Are you there?").await?.delivered().await?;
    if let Some(mut reply) = session.next().await {
        println!("Bob says: {}", reply.text().await?);
    }
    let talk = folder.join("talk.md");
    tokio::fs::write(&talk, "Hyacinths, and how to keep them. ".repeat(10_000)).await?;
    Ok(session.send_file(talk).await?.delivered().await?)
}

async fn bob(invite: Receiver<String>, ok: Sender<String>, folder: &Path) -> Result<()> {
    let endpoint = Endpoint::builder().bind("127.0.0.1:0").await?;
    let section: MediaDescription = invite.await?.parse()?;
    let (answer, plan) = msrp_sdp::answer(&MsrpMedia::parse(&section)?, endpoint.local()?)?;
    let session = endpoint.session(plan);
    ok.send(answer.description().to_string())?;
    listen(session.await?, &folder.join("inbox")).await
}

async fn listen(mut session: Session, inbox: &Path) -> Result<()> {
    while let Some(mut message) = session.next().await {
        if message.content_type().essence() == "text/plain" {
            println!("Alice says: {}", message.text().await?);
            session.send("I am.").await?;
        } else {
            println!("Alice sends {}", message.save_to(inbox).await?.display());
        }
    }
    Ok(())
}
