//! What SIGHUP reads anew: the users and the certificates. Reading them takes a while,
//! so another thread does it.

use std::cell::RefCell;
use std::rc::Rc;

use msrp::auth::Algorithm;
use tokio::sync::Notify;
use tokio::task::spawn_blocking;

use crate::core::Core;
use crate::fault::StartError;
use crate::options::Options;
use crate::secure::Secure;
use crate::users::Users;

/// Reads anew whenever it is wanted, one time after the other. What cannot be used
/// leaves everything as it was.
pub(crate) async fn run(
    wanted: Rc<Notify>,
    options: Options,
    core: Rc<RefCell<Core>>,
    secure: Rc<RefCell<Secure>>,
) {
    loop {
        wanted.notified().await;
        let of_users = options.clone();
        if let Some((users, offered)) = read("users", move || users(&of_users)).await {
            let number = users.len();
            let old = core.borrow_mut().set_users(users, &offered);
            tracing::info!(users = number, "users reloaded");
            // Dropping many takes a while, too.
            spawn_blocking(move || drop(old));
        }
        let of_secure = options.clone();
        if let Some(new) = read("certificates", move || Ok(Secure::new(&of_secure)?)).await {
            core.borrow_mut().check_relays(&new);
            secure.replace(new);
            tracing::info!("certificates reloaded");
        }
    }
}

/// The users, and the algorithms to offer them.
fn users(options: &Options) -> Result<(Users, Vec<Algorithm>), StartError> {
    let users = Users::of(options)?;
    let offered = users.algorithms(options.realm.as_deref().unwrap_or_default());
    Ok((users, offered))
}

async fn read<T: Send + 'static>(
    what: &str,
    read: impl FnOnce() -> Result<T, StartError> + Send + 'static,
) -> Option<T> {
    match spawn_blocking(read).await {
        Ok(Ok(new)) => Some(new),
        Ok(Err(error)) => {
            tracing::error!("{what} not reloaded: {:#}", anyhow::Error::from(error));
            None
        }
        // It has panicked, which the log tells.
        Err(_) => None,
    }
}
