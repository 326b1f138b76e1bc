//! Reporting and following without a script.

use axum::http::Method;

use crate::world::{Session, World};
use linli_testkit::on_both;

const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");

on_both! {
    async fn a_report_is_made_and_followed_without_a_script(t: TestDb) {
        let world = World::new(t).await;
        let nobody = Session::none();
        let page = world.get(&nobody, "/plain").await;
        let html = String::from_utf8(page.bytes).unwrap();
        assert!(page.status.is_success() && !html.contains("<script") && html.len() < 16_000, "{}", html.len());
        // 路灯不亮 at 临渭区红旗社区第一网格
        let body = "key=k1&text=%E8%B7%AF%E7%81%AF%E4%B8%8D%E4%BA%AE%3Cb%3E&address=%E4%B8%B4%E6%B8%AD%E5%8C%BA%E7%BA%A2%E6%97%97%E7%A4%BE%E5%8C%BA%E7%AC%AC%E4%B8%80%E7%BD%91%E6%A0%BC&category=street_light&phone=";
        let sent = world.send(Method::POST, "/plain", None, &[FORM], body.as_bytes().to_vec()).await;
        assert_eq!(sent.status.as_u16(), 303);
        let again = world.send(Method::POST, "/plain", None, &[FORM], body.as_bytes().to_vec()).await;
        assert_eq!(again.status.as_u16(), 303);
        let codes = world.app.db.read(|conn| conn.all("SELECT code FROM cases", &[], |row| row.get::<String>("code"))).await.unwrap();
        assert_eq!(codes.len(), 1);
        let followed = world.get(&nobody, &format!("/plain/c/{}", codes[0])).await;
        let html = String::from_utf8(followed.bytes).unwrap();
        assert!(html.contains("路灯不亮&lt;b&gt;") && html.contains("前答复") && html.contains("反映了这件事"), "{html}");
    }

    async fn what_is_wrong_is_said_and_nothing_filled_in_is_lost(t: TestDb) {
        let world = World::new(t).await;
        let body = "key=k1&text=%E8%B7%AF%E7%81%AF&address=nowhere&phone=12";
        let sent = world.send(Method::POST, "/plain", None, &[FORM], body.as_bytes().to_vec()).await;
        assert_eq!(sent.status.as_u16(), 422);
        let html = String::from_utf8(sent.bytes).unwrap();
        assert!(html.contains("路灯</textarea>") && html.contains("value=\"nowhere\"") && html.contains("href=\"#phone\""), "{html}");
        let missing = world.get(&Session::none(), "/plain/c/2222222222").await;
        assert_eq!(missing.status.as_u16(), 404);
    }
}
