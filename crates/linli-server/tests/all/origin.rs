//! A stranger cannot choose the address that it is counted under.

use std::net::SocketAddr;

use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{Request, StatusCode};
use tower::ServiceExt;

use crate::world::World;
use linli_civic::origin::Origin;
use linli_server::serve;
use linli_testkit::{Backend, TestDb};

async fn report(world: &World, peer: &str, forwarded_for: &str) -> StatusCode {
    let peer: SocketAddr = peer.parse().unwrap();
    let request = Request::post("/api/cases")
        .header("content-type", "application/json")
        .header("x-forwarded-for", forwarded_for)
        .extension(ConnectInfo(peer))
        .body(Body::from("{\"text\":\"x\"}"))
        .unwrap();
    serve::service(&world.app).oneshot(request).await.unwrap().status()
}

#[tokio::test]
async fn a_stranger_who_names_another_address_each_time_is_slowed_all_the_same() {
    let world = World::new(TestDb::new(Backend::Sqlite)).await;
    let mut last = StatusCode::OK;
    for n in 0..=120 {
        last = report(&world, "203.0.113.9:4000", &format!("198.51.100.{n}")).await;
    }
    assert_eq!(last, StatusCode::TOO_MANY_REQUESTS);
    // Behind a proxy of this machine each has their own count.
    for n in 0..=120 {
        last = report(&world, "127.0.0.1:4000", &format!("198.51.100.{n}")).await;
    }
    assert_eq!(last, StatusCode::UNPROCESSABLE_ENTITY);
}

async fn ask(world: &World, cookie: &str) -> StatusCode {
    let peer: SocketAddr = "203.0.113.9:4000".parse().unwrap();
    let request = Request::post("/api/routing")
        .header("content-type", "application/json")
        .header("cookie", cookie)
        .extension(ConnectInfo(peer))
        .body(Body::from("{\"text\":\"路灯不亮\"}"))
        .unwrap();
    serve::service(&world.app).oneshot(request).await.unwrap().status()
}

#[tokio::test]
async fn a_hall_of_clerks_behind_one_address_is_not_slowed_while_it_types() {
    let world = World::new(TestDb::new(Backend::Sqlite)).await;
    let clerk = world.as_("clerk").await.0.unwrap();
    let address = Origin(Some("203.0.113.9".parse().unwrap()));
    while world.app.reading.take(address, world.app.now()).is_ok() {}
    assert_eq!(ask(&world, "").await, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(ask(&world, &clerk).await, StatusCode::OK);
}
