//! People, their posts, and the log of who read what, through the real router, on both databases.

use axum::http::Method;
use serde_json::{Value, json};

use crate::world::{Answered, COMMUNITY, COUNTY, GRID_1, GRID_2, PASSWORD, STREET, Session, World};
use linli_db::{StoreError, params};
use linli_kernel::{AreaCode, GrantId, Role};
use linli_testkit::on_both;

const OTHER_COUNTY: &str = "610524000000";
const OWN_PASSWORD: &str = "my-own-words-7";

impl World {
    async fn delete(&self, who: &Session, path: &str) -> Answered {
        self.send(Method::DELETE, path, who.0.as_deref(), &[], Vec::new()).await
    }

    async fn sign_in(&self, name: &str, password: &str) -> Answered {
        self.post(&Session::none(), "/api/session", json!({ "name": name, "password": password })).await
    }

    /// The account with this sign-in name, as `who` sees it.
    async fn account(&self, who: &Session, name: &str) -> Option<Value> {
        let page = self.get(who, &format!("/api/accounts?q={name}")).await.ok();
        page["items"].as_array().unwrap().iter().find(|account| account["name"] == name).cloned()
    }

    async fn account_path(&self, who: &Session, name: &str) -> String {
        format!("/api/accounts/{}", self.account(who, name).await.unwrap()["id"].as_str().unwrap())
    }

    /// The path of an account, whoever may see it.
    async fn any_account_path(&self, name: &'static str) -> String {
        let id = self.app.db.read(move |conn| {
            conn.first("SELECT id FROM account WHERE name = $1", &params![name], |row| row.get::<String>("id"))
        });
        format!("/api/accounts/{}", id.await.unwrap().unwrap())
    }

    /// Opens an account and gives it a password of its own; its session.
    async fn settle_in(&self, admin: &Session, name: &str, role: &str, area: &str) -> Session {
        let body = json!({ "name": name, "display_name": name, "role": role, "area_code": area });
        let opened = self.post(admin, "/api/accounts", body).await.ok();
        let first = opened["password"].as_str().unwrap();
        let session = Session(self.sign_in(name, first).await.cookie);
        self.post(&session, "/api/session/password", json!({ "old": first, "new": OWN_PASSWORD })).await.ok();
        Session(self.sign_in(name, OWN_PASSWORD).await.cookie)
    }
}

fn field_of(problem: &Value) -> (&str, &str) {
    (problem["errors"][0]["field"].as_str().unwrap(), problem["errors"][0]["code"].as_str().unwrap())
}

fn names(page: &Value) -> Vec<&str> {
    page["items"].as_array().unwrap().iter().map(|account| account["name"].as_str().unwrap()).collect()
}

fn worker(name: &str) -> Value {
    json!({ "name": name, "display_name": "马小燕", "phone": "199 0000 0042", "role": "grid_worker", "area_code": GRID_2 })
}

on_both! {
    async fn who_is_posted_at_a_compound_stands_beside_its_worker_and_no_case_is_theirs(t: TestDb) {
        let world = World::new(t).await;
        let lead = world.hire("lead", Role::CompoundLead, GRID_1, None).await;
        let link = world.hire("link", Role::LinkPerson, GRID_1, None).await;
        let routing = world.post(&Session::none(), "/api/routing", json!({ "area_code": GRID_1, "category": "street_light" })).await.ok();
        let posted: Vec<_> = routing["beside"].as_array().unwrap().iter().map(|one| (one["role_name"].as_str().unwrap(), one["name"].as_str().unwrap())).collect();
        assert_eq!(posted, [("包抓责任人", "lead"), ("连心员", "link")]);
        assert_eq!(routing["worker"]["role_name"], "网格员", "they come second");
        let other = world.post(&Session::none(), "/api/routing", json!({ "area_code": GRID_2, "category": "street_light" })).await.ok();
        assert_eq!(other["beside"], json!([]));
        let clerk = world.as_("clerk").await;
        let area = world.get(&clerk, &format!("/api/areas/{GRID_1}")).await.ok();
        let roles: Vec<_> = area["people"].as_array().unwrap().iter().map(|one| one["role"].as_str().unwrap()).collect();
        assert!(roles.contains(&"compound_lead") && roles.contains(&"link_person"), "{roles:?}");

        // A lead sees the cases of the compound, both bring new ones. No case is theirs to act on, and nobody's home is told to them.
        let code = world.report_lamp().await;
        let seen = world.get(&lead, &format!("/api/cases/{code}")).await.ok();
        assert_eq!(seen["actions"], json!([]), "{seen}");
        world.get(&link, &format!("/api/cases/{code}")).await.refused(403, "forbidden");
        world.act(&lead, &code, "take", json!({})).await.refused(403, "forbidden");
        for who in [&lead, &link] {
            let brought = world.post(who, "/api/cases", json!({ "text": "单元门关不上", "area_code": GRID_1, "category": "street_light" })).await;
            assert_eq!(brought.status, 201, "{}", brought.body);
            world.get(who, "/api/visits").await.refused(403, "forbidden");
            world.get(who, "/api/registry/residents").await.refused(403, "forbidden");
        }
        let me = world.get(&link, "/api/session").await.ok();
        assert_eq!(me["faces"], json!(["field"]));
        // Whoever is posted there alone is no seat: what comes goes to whoever answers.
        let unstaffed = "610502005008001";
        world.hire("far_lead", Role::CompoundLead, unstaffed, None).await;
        let routed = world.post(&Session::none(), "/api/routing", json!({ "area_code": unstaffed, "category": "street_light" })).await.ok();
        assert!(!routed["seat_name"].as_str().unwrap().contains("网格"), "{routed}");
    }

    async fn an_account_is_opened_with_a_password_told_once_and_changed_at_the_first_sign_in(t: TestDb) {
        let world = World::new(t).await;
        let admin = world.as_("admin").await;
        let opened = world.post(&admin, "/api/accounts", worker("wangge.007-02")).await;
        assert_eq!(opened.status, 201);
        let opened = opened.ok();
        assert_eq!(opened["account"]["phone_masked"], "199****0042");
        assert_eq!(opened["account"]["grants"][0]["area"]["code"], GRID_2);
        let first = opened["password"].as_str().unwrap();
        let signed_in = world.sign_in("wangge.007-02", first).await;
        assert_eq!(signed_in.body["must_change_password"], true);
        let session = Session(signed_in.cookie);
        world.get(&session, "/api/inbox").await.refused(403, "forbidden");
        world.post(&session, "/api/session/password", json!({ "old": first, "new": OWN_PASSWORD })).await.ok();
        world.get(&session, "/api/inbox").await.ok();

        // The history names nobody and tells no number; the row holds the phone sealed.
        let told = world.app.db.read(|conn| {
            let events = conn.all("SELECT kind, payload FROM event WHERE stream_kind = 'account' ORDER BY seq", &[], |row| {
                Ok((row.get::<String>("kind")?, row.get::<String>("payload")?))
            })?;
            let sealed = conn.first("SELECT phone_sealed FROM account WHERE name = 'wangge.007-02'", &[], |row| row.get::<Vec<u8>>("phone_sealed"))?;
            Ok::<_, StoreError>((events, sealed.unwrap()))
        });
        let (events, sealed) = told.await.unwrap();
        assert_eq!(events.iter().map(|(kind, _)| kind.as_str()).collect::<Vec<_>>(), ["account_opened", "role_granted", "password_changed"]);
        assert!(events.iter().all(|(_, payload)| !payload.contains("马小燕") && !payload.contains("1990000") && !payload.contains("wangge")));
        assert!(!sealed.windows(7).any(|bytes| bytes == b"1990000"));
    }

    async fn an_account_that_is_asked_for_twice_is_opened_once(t: TestDb) {
        let world = World::new(t).await;
        let admin = world.as_("admin").await;
        let first = world.post_with_key(&admin, "/api/accounts", "key-1", worker("maxiaoyan")).await.ok();
        let again = world.post_with_key(&admin, "/api/accounts", "key-1", worker("maxiaoyan")).await.ok();
        assert_eq!(first, again);
        assert_eq!(world.sign_in("maxiaoyan", again["password"].as_str().unwrap()).await.status, 200);
        world.post_with_key(&admin, "/api/accounts", "key-1", worker("another")).await.refused(422, "key_reused");
        world.post(&admin, "/api/accounts", worker("maxiaoyan")).await.refused(409, "already_exists");
    }

    async fn an_account_that_breaks_a_rule_is_not_opened(t: TestDb) {
        let world = World::new(t).await;
        let admin = world.as_("admin").await;
        let cases = [
            (json!({ "name": "ab" }), ("name", "too_short")),
            (json!({ "name": "a".repeat(41) }), ("name", "too_long")),
            (json!({ "name": "li mei" }), ("name", "bad_name")),
            (json!({ "name": "li@mei" }), ("name", "bad_name")),
            (json!({ "display_name": "  " }), ("display_name", "required")),
            (json!({ "phone": "call me" }), ("phone", "bad_phone")),
            (json!({ "area_code": "610502005099" }), ("area_code", "unknown_area")),
            (json!({ "area_code": COMMUNITY }), ("role", "role_level")),
            (json!({ "role": "community_clerk" }), ("role", "role_level")),
            (json!({ "role": "resident" }), ("role", "role_level")),
            (json!({ "role": "administrator" }), ("role", "role_level")),
            (json!({ "unit_code": "urban_management" }), ("unit_code", "unit_not_for_role")),
            (json!({ "role": "department_clerk", "area_code": COUNTY }), ("unit_code", "unit_needed")),
            (json!({ "role": "department_clerk", "area_code": COUNTY, "unit_code": "nobody" }), ("unit_code", "unknown_unit")),
            (json!({ "role": "department_clerk", "area_code": STREET, "unit_code": "urban_management" }), ("unit_code", "unit_elsewhere")),
        ];
        for (change, fault) in cases {
            let mut body = worker("zhangsan");
            body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
            let refused = world.post(&admin, "/api/accounts", body).await.refused(422, "invalid");
            assert_eq!(field_of(&refused), fault);
            assert!(!refused["errors"][0]["message"].as_str().unwrap().contains("field_problem"), "{refused}");
        }
        let unit = json!({ "name": "物业小李", "display_name": "李工", "role": "department_clerk", "area_code": COMMUNITY, "unit_code": "property" });
        let opened = world.post(&admin, "/api/accounts", unit).await.ok();
        assert_eq!(opened["account"]["grants"][0]["unit"]["name"], "物业服务企业");
    }

    async fn an_administrator_of_one_county_neither_sees_nor_touches_the_people_of_another(t: TestDb) {
        let world = World::new(t).await;
        let (admin, far) = (world.as_("admin").await, world.as_("far_admin").await);
        let own = world.get(&admin, "/api/accounts?limit=200").await.ok();
        assert!(names(&own).contains(&"worker1") && !names(&own).contains(&"far_admin"));
        assert_eq!(names(&world.get(&far, "/api/accounts").await.ok()), ["far_admin"]);
        assert!(names(&world.get(&far, &format!("/api/accounts?area={COUNTY}")).await.ok()).is_empty());
        assert!(names(&world.get(&far, "/api/accounts?q=worker").await.ok()).is_empty());

        let path = world.any_account_path("worker1").await;
        let grant = world.account(&admin, "worker1").await.unwrap()["grants"][0]["id"].clone();
        world.patch(&far, &path, json!({ "disabled": true })).await.refused(404, "not_found");
        world.post(&far, &format!("{path}/password"), Value::Null).await.refused(404, "not_found");
        world.post(&far, &format!("{path}/unlock"), Value::Null).await.refused(404, "not_found");
        world.delete(&far, &format!("{path}/grants/{}", grant.as_str().unwrap())).await.refused(404, "not_found");
        let post = json!({ "role": "county_leader", "area_code": OTHER_COUNTY });
        world.post(&far, &format!("{path}/grants"), post).await.refused(404, "not_found");
        // Nor can anybody be placed in a county that is not the administrator's.
        world.post(&far, "/api/accounts", worker("zhangsan")).await.refused(403, "forbidden");
        let own_path = world.any_account_path("clerk").await;
        let post = json!({ "role": "county_leader", "area_code": OTHER_COUNTY });
        world.post(&admin, &format!("{own_path}/grants"), post).await.refused(403, "forbidden");
        assert_eq!(world.sign_in("worker1", PASSWORD).await.status, 200);
    }

    async fn whoever_may_only_look_at_people_changes_none(t: TestDb) {
        let world = World::new(t).await;
        let clerk = world.as_("clerk").await;
        let seen = world.get(&clerk, "/api/accounts").await.ok();
        assert_eq!(names(&seen), ["clerk", "clerk2", "head", "worker1", "worker2"]);
        let path = world.account_path(&clerk, "worker1").await;
        world.post(&clerk, "/api/accounts", worker("zhangsan")).await.refused(403, "forbidden");
        world.patch(&clerk, &path, json!({ "display_name": "别人" })).await.refused(403, "forbidden");
        world.post(&clerk, &format!("{path}/password"), Value::Null).await.refused(403, "forbidden");
        world.post(&clerk, &format!("{path}/unlock"), Value::Null).await.refused(403, "forbidden");
        world.post(&clerk, &format!("{path}/grants"), json!({ "role": "grid_worker", "area_code": GRID_2 })).await.refused(403, "forbidden");
        world.get(&world.as_("worker1").await, "/api/accounts").await.refused(403, "forbidden");
        world.get(&Session::none(), "/api/accounts").await.refused(401, "not_signed_in");
    }

    async fn a_list_of_people_is_read_page_by_page(t: TestDb) {
        let world = World::new(t).await;
        let admin = world.as_("admin").await;
        let whole = world.get(&admin, "/api/accounts?limit=200").await.ok();
        let mut read = Vec::new();
        let mut cursor = String::new();
        loop {
            let page = world.get(&admin, &format!("/api/accounts?limit=5{cursor}")).await.ok();
            read.extend(names(&page).into_iter().map(str::to_owned));
            let Some(next) = page["next"].as_str() else { break };
            cursor = format!("&cursor={next}");
        }
        assert_eq!(read, names(&whole));
        assert_eq!(whole["next"], Value::Null);
        // A name with a wildcard in it is looked for as it is written.
        assert!(names(&world.get(&admin, "/api/accounts?q=%25").await.ok()).is_empty());
        assert_eq!(names(&world.get(&admin, "/api/accounts?q=WORKER").await.ok()), ["worker1", "worker2"]);
    }

    async fn a_disabled_account_is_out_at_once_and_can_come_back(t: TestDb) {
        let world = World::new(t).await;
        let (admin, worker1) = (world.as_("admin").await, world.as_("worker1").await);
        let path = world.account_path(&admin, "worker1").await;
        let edited = world.patch(&admin, &path, json!({ "display_name": "李春梅子", "phone": "19900000043", "disabled": true })).await.ok();
        assert_eq!((edited["disabled"].as_bool(), edited["phone_masked"].as_str()), (Some(true), Some("199****0043")));
        world.get(&worker1, "/api/session").await.refused(401, "not_signed_in");
        world.sign_in("worker1", PASSWORD).await.refused(403, "account_disabled");
        let edited = world.patch(&admin, &path, json!({ "disabled": false, "phone": "" })).await.ok();
        assert_eq!((edited["display_name"].as_str(), edited["phone_masked"].as_str()), (Some("李春梅子"), None));
        assert_eq!(world.sign_in("worker1", PASSWORD).await.status, 200);
        let own = world.any_account_path("admin").await;
        let refused = world.patch(&admin, &own, json!({ "disabled": true })).await.refused(422, "invalid");
        assert_eq!(field_of(&refused), ("disabled", "own_account"));
    }

    async fn a_post_is_given_for_a_time_and_ended_at_once(t: TestDb) {
        let world = World::new(t).await;
        let admin = world.as_("admin").await;
        let path = world.account_path(&admin, "worker1").await;
        let grants = format!("{path}/grants");
        let body = |until: &str| json!({ "role": "grid_worker", "area_code": GRID_2, "expires_at": until });
        let refused = world.post(&admin, &grants, body("2026-09-01T00:00:00Z")).await.refused(422, "invalid");
        assert_eq!(field_of(&refused), ("expires_at", "in_past"));
        let given = world.post_with_key(&admin, &grants, "post-1", body("2026-12-31T16:00:00Z")).await.ok();
        assert_eq!(given["grants"].as_array().unwrap().len(), 2);
        // Both posts are of the same moment here: which comes first is chance.
        let passing = given["grants"].as_array().unwrap().iter().find(|grant| grant["area"]["code"] == GRID_2).unwrap();
        assert_eq!(passing["expires_at"], "2026-12-31T16:00:00.000Z");
        let again = world.post_with_key(&admin, &grants, "post-1", body("2026-12-31T16:00:00Z")).await.ok();
        assert_eq!(given, again);
        world.post(&admin, &grants, body("2026-12-31T16:00:00Z")).await.refused(409, "already_exists");

        let worker1 = world.as_("worker1").await;
        assert_eq!(world.get(&worker1, "/api/areas").await.ok()["items"].as_array().unwrap().len(), 2);
        let grant = format!("{grants}/{}", passing["id"].as_str().unwrap());
        assert_eq!(world.delete(&admin, &grant).await.status, 204);
        assert_eq!(world.get(&worker1, "/api/areas").await.ok()["items"].as_array().unwrap().len(), 1);
        assert_eq!(world.delete(&admin, &grant).await.status, 204);
        let kept = world.app.db.read(|conn| conn.number("SELECT COUNT(*) AS n FROM grant_role WHERE ends_at IS NOT NULL", &[]));
        assert_eq!(kept.await.unwrap(), 1);
        let none = GrantId::new(Default::default());
        world.delete(&admin, &format!("{grants}/{none}")).await.refused(404, "not_found");
        world.delete(&world.as_("clerk").await, &grant).await.refused(403, "forbidden");
    }

    async fn nobody_gives_a_post_to_themself_and_the_last_administrator_stays(t: TestDb) {
        let world = World::new(t).await;
        let admin = world.as_("admin").await;
        let path = world.account_path(&admin, "admin").await;
        let refused = world.post(&admin, &format!("{path}/grants"), json!({ "role": "county_leader", "area_code": COUNTY })).await.refused(422, "invalid");
        assert_eq!(field_of(&refused), ("role", "own_grant"));
        let own = world.account(&admin, "admin").await.unwrap();
        let own_grant = format!("{path}/grants/{}", own["grants"][0]["id"].as_str().unwrap());
        let refused = world.delete(&admin, &own_grant).await.refused(422, "invalid");
        assert_eq!(field_of(&refused), ("grant_id", "last_administrator"));

        // One whose post ends by itself is no successor.
        let clerk = world.account_path(&admin, "clerk").await;
        let passing = json!({ "role": "administrator", "area_code": COUNTY, "expires_at": "2026-10-30T00:00:00Z" });
        world.post(&admin, &format!("{clerk}/grants"), passing).await.ok();
        world.delete(&admin, &own_grant).await.refused(422, "invalid");
        // Nor one of a smaller area.
        let below = json!({ "role": "administrator", "area_code": STREET });
        world.post(&admin, &format!("{clerk}/grants"), below).await.ok();
        world.delete(&admin, &own_grant).await.refused(422, "invalid");

        let second = world.settle_in(&admin, "second", "administrator", COUNTY).await;
        world.patch(&second, &path, json!({ "disabled": true })).await.ok();
        let second_path = world.account_path(&second, "second").await;
        let grant = world.account(&second, "second").await.unwrap()["grants"][0]["id"].as_str().unwrap().to_owned();
        world.delete(&second, &format!("{second_path}/grants/{grant}")).await.refused(422, "invalid");
        // A disabled administrator keeps the post on paper and helps nobody: it can be ended.
        assert_eq!(world.delete(&second, &own_grant).await.status, 204);
    }

    async fn a_forgotten_password_is_replaced_and_its_sessions_end(t: TestDb) {
        let world = World::new(t).await;
        let (admin, worker1) = (world.as_("admin").await, world.as_("worker1").await);
        let path = world.account_path(&admin, "worker1").await;
        let told = world.post_with_key(&admin, &format!("{path}/password"), "reset-1", Value::Null).await.ok();
        let again = world.post_with_key(&admin, &format!("{path}/password"), "reset-1", Value::Null).await.ok();
        assert_eq!(told, again);
        world.get(&worker1, "/api/session").await.refused(401, "not_signed_in");
        world.sign_in("worker1", PASSWORD).await.refused(401, "wrong_password");
        let signed_in = world.sign_in("worker1", told["password"].as_str().unwrap()).await;
        assert_eq!(signed_in.body["must_change_password"], true);
        let own = world.account_path(&admin, "admin").await;
        world.post(&admin, &format!("{own}/password"), Value::Null).await.refused(422, "invalid");
    }

    async fn an_account_that_rests_is_unlocked_by_its_administrator(t: TestDb) {
        let world = World::new(t).await;
        let admin = world.as_("admin").await;
        for _ in 0..5 {
            world.sign_in("worker1", "not-the-password").await;
        }
        world.sign_in("worker1", PASSWORD).await.refused(423, "account_locked");
        let account = world.account(&admin, "worker1").await.unwrap();
        assert!(account["locked_until"].is_string());
        let unlocked = world.post(&admin, &format!("/api/accounts/{}/unlock", account["id"].as_str().unwrap()), Value::Null).await.ok();
        assert_eq!(unlocked["locked_until"], Value::Null);
        assert_eq!(world.sign_in("worker1", PASSWORD).await.status, 200);
    }

    async fn an_account_with_posts_in_two_counties_is_changed_by_neither_alone(t: TestDb) {
        let world = World::new(t).await;
        let (admin, far) = (world.as_("admin").await, world.as_("far_admin").await);
        let path = world.account_path(&admin, "leader").await;
        let id = GrantId::new(world.app.ids.uuid(world.app.now()));
        let (account, now) = (path.rsplit('/').next().unwrap().to_owned(), world.app.now());
        world.app.db.write(move |tx| tx.bookkeep(|writer| writer.exec(
            "INSERT INTO grant_role (id, account_id, role, area_code, starts_at) VALUES ($1, $2, 'county_leader', $3, $4)",
            &params![id, account, OTHER_COUNTY, now],
        ))).await.unwrap();
        for who in [&admin, &far] {
            world.post(who, &format!("{path}/password"), Value::Null).await.refused(403, "forbidden");
            world.patch(who, &path, json!({ "disabled": true })).await.refused(403, "forbidden");
            assert_eq!(world.account(who, "leader").await.unwrap()["grants"].as_array().unwrap().len(), 1);
        }
        world.delete(&admin, &format!("{path}/grants/{id}")).await.refused(404, "not_found");
        assert_eq!(world.delete(&far, &format!("{path}/grants/{id}")).await.status, 204);
        // Where the post has ended the account is no longer known.
        assert_eq!(world.account(&far, "leader").await, None);
        world.patch(&admin, &path, json!({ "display_name": "郑一伟" })).await.ok();
    }

    async fn an_auditor_reads_who_looked_at_whose_contact_in_their_own_area(t: TestDb) {
        let world = World::new(t).await;
        let code = world.report_lamp().await;
        let worker1 = world.as_("worker1").await;
        for purpose in ["联系反映人了解灯杆位置", "上门前确认时间"] {
            world.clock.advance_ms(60_000);
            world.post(&worker1, &format!("/api/cases/{code}/contact"), json!({ "purpose": purpose })).await.ok();
        }
        let auditor = world.as_("auditor").await;
        let page = world.get(&auditor, "/api/read-log?limit=1").await.ok();
        let entry = &page["items"][0];
        assert_eq!((&entry["purpose"], &entry["reader"], &entry["role_name"], &entry["case_code"]), (&json!("上门前确认时间"), &json!("李春梅"), &json!("网格员"), &json!(code)));
        assert_eq!((&entry["field"], &entry["what"]), (&json!("contact"), &json!("联系方式")));
        let rest = world.get(&auditor, &format!("/api/read-log?limit=1&cursor={}", page["next"].as_str().unwrap())).await.ok();
        assert_eq!((&rest["items"][0]["purpose"], &rest["next"]), (&json!("联系反映人了解灯杆位置"), &Value::Null));
        assert_eq!(world.get(&auditor, &format!("/api/read-log?area={OTHER_COUNTY}")).await.ok()["items"], json!([]));

        let far_admin = world.as_("far_admin").await;
        let far = world.settle_in(&far_admin, "far_auditor", "auditor", OTHER_COUNTY).await;
        assert_eq!(world.get(&far, "/api/read-log").await.ok()["items"], json!([]));
        world.get(&worker1, "/api/read-log").await.refused(403, "forbidden");
        world.get(&far_admin, "/api/read-log").await.refused(403, "forbidden");
    }

    async fn what_administration_leaves_behind_verifies(t: TestDb) {
        let world = World::new(t).await;
        let admin = world.as_("admin").await;
        world.post(&admin, "/api/accounts", worker("maxiaoyan")).await.ok();
        world.patch(&admin, &format!("/api/areas/{GRID_1}"), json!({ "name": "幸福里网格" })).await.ok();
        world.post(&admin, &format!("/api/areas/{GRID_1}/places"), json!({ "name": "3号楼", "kind": "building" })).await.ok();
        let verified = world.app.db.read(linli_db::verify::verify).await.unwrap();
        assert_eq!(verified.broken, None);
        // A change of nothing is no event.
        let count = || world.app.db.read(|conn| conn.number("SELECT COUNT(*) AS n FROM event", &[]));
        let before = count().await.unwrap();
        world.patch(&admin, &format!("/api/areas/{GRID_1}"), json!({ "name": "幸福里网格" })).await.ok();
        let path = world.account_path(&admin, "maxiaoyan").await;
        world.patch(&admin, &path, json!({ "display_name": "马小燕", "disabled": false })).await.ok();
        world.post(&admin, &format!("{path}/unlock"), Value::Null).await.ok();
        assert_eq!(count().await.unwrap(), before);
        let code = AreaCode::parse(GRID_1).unwrap();
        assert_eq!(world.app.areas().name(&code), "幸福里网格");
    }
}
