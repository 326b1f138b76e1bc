//! What a person wants, who gives it and when next; and that no list says which.

use serde_json::{Value, json};

use super::{DAY_MS, Phone, act, alone, candidate, consent, enter, field, ids, number, opened, own, person, read};
use crate::world::{GRID_1, World};
use linli_testkit::on_both;

/// How each service stands, by its code.
async fn steps(world: &World, id: &str) -> Value {
    let why = read(world, &world.as_("clerk").await, id, "安排服务").await.ok();
    let services = why["services"].as_array().unwrap().iter();
    services
        .map(|one| (one["code"].as_str().unwrap().to_owned(), one["step"].clone()))
        .collect::<serde_json::Map<_, _>>()
        .into()
}

fn named<'a>(why: &'a Value, code: &str) -> &'a Value {
    why["services"].as_array().unwrap().iter().find(|one| one["code"] == code).unwrap()
}

on_both! {
    async fn a_plan_offers_the_person_chooses_and_somebody_is_told_when_to_act(t: TestDb) {
        let world = World::new(t).await;
        let clerk = world.as_("clerk").await;
        let old = person(&world, &clerk, (GRID_1, "101室"), json!({})).await;
        let id = enter(&world, &clerk, alone(&old)).await;
        assert_eq!(steps(&world, &id).await, json!({ "check_in_call": "offered", "meal_delivery": "offered", "bed_enquiry": "offered" }));
        assert!(ids(&world, &clerk, "services").await.is_empty(), "what is only offered waits for nobody");

        act(&world, &clerk, &id, json!({ "act": "want", "service": "flying" })).await.refused(422, "invalid");
        act(&world, &clerk, &id, json!({ "act": "want", "service": "meal_delivery" })).await.ok();
        act(&world, &clerk, &id, json!({ "act": "want", "service": "meal_delivery" })).await.refused(409, "not_now");
        act(&world, &clerk, &id, json!({ "act": "decline", "service": "bed_enquiry" })).await.ok();
        assert_eq!(ids(&world, &clerk, "services").await, std::slice::from_ref(&id));
        let list = world.get(&clerk, "/api/care?show=services").await.ok();
        assert_eq!((&list["n_services"], &list["items"][0]["service_due"]), (&json!(1), &json!("now")));
        assert!(!list.to_string().contains("meal") && !list.to_string().contains("送餐"), "{list}");
        assert!(ids(&world, &world.as_("head").await, "services").await.is_empty(), "a head is told of visits alone");

        let arrange = json!({ "act": "arrange", "service": "meal_delivery", "by": "幸福助餐点", "on": "2026-10-05" });
        let mut early = arrange.clone();
        early["on"] = json!("2026-09-27");
        assert_eq!(field(&act(&world, &clerk, &id, early).await.refused(422, "invalid")), ("on", "care_from_today"));
        act(&world, &world.as_("worker2").await, &id, arrange.clone()).await.refused(403, "forbidden");
        act(&world, &world.as_("other_clerk").await, &id, arrange.clone()).await.refused(404, "not_found");
        act(&world, &clerk, &id, arrange).await.ok();
        assert!(ids(&world, &clerk, "services").await.is_empty(), "a week ahead nobody has to act");
        let why = read(&world, &clerk, &id, "核对").await.ok();
        let meal = named(&why, "meal_delivery");
        assert_eq!((&meal["by"], &meal["step"], &meal["standing"]), (&json!("幸福助餐点"), &json!("arranged"), &json!(true)));
        act(&world, &clerk, &id, json!({ "act": "arrange", "service": "bed_enquiry", "by": "社区", "on": "2026-10-05" })).await.refused(409, "not_now");

        world.clock.advance_ms(7 * DAY_MS);
        let clerk = world.as_("clerk").await;
        assert_eq!(ids(&world, &clerk, "services").await, std::slice::from_ref(&id));
        assert_eq!(field(&act(&world, &clerk, &id, json!({ "act": "give", "service": "meal_delivery", "on": "2026-10-06" })).await.refused(422, "invalid")), ("on", "care_day"));
        act(&world, &clerk, &id, json!({ "act": "give", "service": "meal_delivery" })).await.ok();
        let why = read(&world, &clerk, &id, "核对").await.ok();
        let meal = named(&why, "meal_delivery");
        assert_eq!((&meal["step"], &meal["next_at"], &meal["due"]), (&json!("arranged"), &Value::Null, &Value::Null), "it began and goes on");
        act(&world, &clerk, &id, json!({ "act": "arrange", "service": "check_in_call", "by": "志愿者", "on": "2026-10-05" })).await.ok();
        act(&world, &clerk, &id, json!({ "act": "give", "service": "check_in_call" })).await.ok();
        let why = read(&world, &clerk, &id, "核对").await.ok();
        assert_eq!(named(&why, "check_in_call")["next_at"], json!("2026-10-12T15:59:59.999Z"), "a week later");
        // What is done once is done.
        act(&world, &clerk, &id, json!({ "act": "give", "service": "home_adaptation" })).await.ok();
        assert_eq!(steps(&world, &id).await["home_adaptation"], "done");
        // Whoever is in hospital is served nothing at home.
        act(&world, &clerk, &id, json!({ "act": "mute", "reason": "in_hospital" })).await.ok();
        world.clock.advance_ms(5 * DAY_MS);
        let clerk = world.as_("clerk").await;
        assert!(ids(&world, &clerk, "services").await.is_empty());
        act(&world, &clerk, &id, json!({ "act": "want", "service": "pick_up" })).await.ok();
        assert_eq!(ids(&world, &clerk, "services").await, std::slice::from_ref(&id), "what the person asks for is heard all the same");
        act(&world, &clerk, &id, json!({ "act": "decline", "service": "pick_up" })).await.ok();
        let told = "SELECT COUNT(*) AS n FROM event WHERE stream_kind = 'care' AND (payload LIKE '%meal%' OR payload LIKE '%adaptation%')";
        assert_eq!(number(&world, told).await, 0, "the chain outlives the entry and never says which");
        let counted = "SELECT COUNT(*) AS n FROM care_entry WHERE is_served AND service_at IS NULL AND services_sealed IS NOT NULL";
        assert_eq!(number(&world, counted).await, 1);
    }

    async fn packages_fit_the_time_of_life_and_the_person_says_what_they_want(t: TestDb) {
        let world = World::new(t).await;
        let clerk = world.as_("clerk").await;
        let old = person(&world, &clerk, (GRID_1, "101室"), json!({})).await;
        let id = enter(&world, &clerk, alone(&old)).await;
        let child = person(&world, &clerk, (GRID_1, "102室"), json!({ "birth_month": "2016-03" })).await;
        let guardian = json!({ "kind": "consent", "by": "guardian", "how": "written", "guardian": "马桂英" });
        let young = enter(&world, &clerk, json!({ "resident_id": child.id, "category": "child_left_behind", "basis": guardian, "plan": "child", "expires_on": "2027-03-01" })).await;
        let packages = async |id: &str| {
            let why = read(&world, &clerk, id, "选套餐").await.ok();
            why["packages"].as_array().unwrap().iter().map(|one| one["code"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(packages(&young).await, ["pupil"], "by age");
        assert_eq!(packages(&id).await, ["elder_active", "elder_home", "elder_nursing"]);
        act(&world, &clerk, &id, json!({ "act": "package", "package": "elder_home" })).await.ok();
        act(&world, &clerk, &id, json!({ "act": "package", "package": "elder_home" })).await.refused(409, "not_now");
        let wanted = steps(&world, &id).await;
        assert!(["check_in_call", "meal_delivery", "bathing_help", "home_adaptation", "pick_up"].iter().all(|code| wanted[*code] == "wanted"), "{wanted}");

        let me = opened(&world, &clerk, &id).await;
        let held = world.get(&me, "/api/public/care").await.ok();
        assert_eq!(named(&held["why"], "bathing_help")["step"], "wanted");
        own(&world, &me, json!({ "act": "decline", "service": "bathing_help" })).await.ok();
        own(&world, &me, json!({ "act": "want", "service": "nurse_visit" })).await.ok();
        let now = steps(&world, &id).await;
        assert_eq!((&now["bathing_help"], &now["nurse_visit"]), (&json!("declined"), &json!("wanted")));
        act(&world, &clerk, &id, json!({ "act": "want", "service": "bathing_help" })).await.ok();
        assert_eq!(steps(&world, &id).await["bathing_help"], "wanted", "whoever changes their mind is asked nothing");
        let looks = world.get(&me, "/api/public/care").await.ok()["looks"].clone();
        assert!(looks.to_string().contains("服务安排"), "{looks}");
    }

    async fn who_is_paired_has_on_the_phone_what_they_give_and_notes_it_there(t: TestDb) {
        let world = World::new(t).await;
        let clerk = world.as_("clerk").await;
        let old = person(&world, &clerk, (GRID_1, "101室"), json!({})).await;
        let cared = json!({ "resident_id": old.id, "category": "elder_cared_for", "basis": consent(), "plan": "semi_disabled", "expires_on": "2027-09-27" });
        let id = enter(&world, &clerk, cared).await;
        act(&world, &clerk, &id, json!({ "act": "package", "package": "elder_active" })).await.ok();
        let mut phone = Phone::of(&world, world.as_("worker1").await).await;
        phone.pull(&world).await;
        assert!(phone.rows.is_empty(), "whoever goes there because nobody is paired is told of visits alone: {:?}", phone.rows);
        let called = phone.record(&world, &id, json!({ "met": "called", "services": ["check_in_call"] })).await;
        assert_eq!(called["status"], "applied", "{called}");
        assert_eq!(steps(&world, &id).await["check_in_call"], "wanted", "of services only whoever may know notes anything");
        let account = candidate(&world, &clerk, &id, "李春梅").await;
        world.clock.advance_ms(1_000);
        act(&world, &clerk, &id, json!({ "act": "pair", "account": account })).await.ok();
        phone.pull(&world).await;
        let row = &phone.rows[&id];
        assert_eq!((&row["services"], &row["is_visit"]), (&json!([{ "code": "check_in_call", "name": "电话问候" }]), &json!(false)));

        let done = phone.record(&world, &id, json!({ "met": "called", "services": ["check_in_call"], "note": "说腿有点疼" })).await;
        assert_eq!(done["status"], "applied", "{done}");
        assert_eq!(number(&world, "SELECT COUNT(*) AS n FROM visit").await, 0, "nobody went there");
        phone.pull(&world).await;
        assert!(phone.rows.is_empty(), "{:?}", phone.rows);
        let why = read(&world, &clerk, &id, "看看近况").await.ok();
        assert_eq!((&why["calls"][0]["text"], &why["calls"][0]["on"]), (&json!("说腿有点疼"), &json!("2026-09-28")));
        assert_eq!(named(&why, "check_in_call")["next_at"], json!("2026-10-05T15:59:59.999Z"));
        assert!(!world.get(&clerk, &format!("/api/care/{id}")).await.ok().to_string().contains("腿"), "what was said is sealed");

        // Two weeks later visit and call are due together, and one record does for both.
        world.clock.advance_ms(14 * DAY_MS);
        phone.who = world.as_("worker1").await;
        phone.pull(&world).await;
        assert_eq!((&phone.rows[&id]["is_visit"], &phone.rows[&id]["services"][0]["code"]), (&json!(true), &json!("check_in_call")));
        let done = phone.record(&world, &id, json!({ "met": "done", "services": ["check_in_call"] })).await;
        assert_eq!(done["status"], "applied", "{done}");
        phone.pull(&world).await;
        assert!(phone.rows.is_empty(), "{:?}", phone.rows);
        // The person declines meanwhile: the visit is true all the same.
        act(&world, &world.as_("clerk").await, &id, json!({ "act": "decline", "service": "check_in_call" })).await.ok();
        let done = phone.record(&world, &id, json!({ "met": "done", "services": ["check_in_call", "flying"] })).await;
        assert_eq!(done["status"], "applied", "{done}");
        assert_eq!(steps(&world, &id).await["check_in_call"], "declined");

        // Whoever wants no visits is not called either; how the person came round stays in the history.
        let clerk = world.as_("clerk").await;
        act(&world, &clerk, &id, json!({ "act": "object" })).await.ok();
        world.clock.advance_ms(15 * DAY_MS);
        phone.who = world.as_("worker1").await;
        phone.pull(&world).await;
        assert!(phone.rows.is_empty());
        let clerk = world.as_("clerk").await;
        act(&world, &clerk, &id, json!({ "act": "resume", "how": "phone" })).await.ok();
        let page = world.get(&clerk, &format!("/api/care/{id}")).await.ok();
        assert_eq!(page["history"][0]["what"], "同意恢复走访（电话同意）");
    }
}
