//! The folder that processes share.

use koppel::{ErrorKind, Secret};
use koppel_http::{ClientCredentials, StateDir};

use crate::server::{Reply, Server};
use crate::{builder, ctx};

#[tokio::test]
async fn a_folder_that_cannot_be_made_is_told_with_the_way_out() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    std::fs::write(&file, "").unwrap();
    let server = Server::start(|_| async { Reply::ok() }).await;
    let auth = ClientCredentials::new(&["token"], "id", Secret::new("a-secret"));
    let http = builder(&server).auth(auth).state(StateDir::at(file.join("state"))).build().unwrap();
    let error = http.get(&["users"]).send(&ctx()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    assert!(error.to_string().contains("KOPPEL_STATE_DIR"), "{error}");
}

#[test]
fn none_has_no_folder_and_the_users_own_is_called_koppel() {
    assert!(StateDir::none().path().unwrap().is_none());
    let folder = tempfile::tempdir().unwrap();
    let deep = folder.path().join("a/b");
    assert_eq!(StateDir::at(&deep).path().unwrap(), Some(deep.as_path()));
    assert!(deep.is_dir());
}
