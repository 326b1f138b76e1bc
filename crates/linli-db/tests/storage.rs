//! What the door to the database promises, on both databases.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test stops at the first surprise")]

use serde_json::json;

use linli_db::{Config, Db, Store, StoreError, Writer, feed, idempotency, jobs, params, roots, verify};
use linli_kernel::{Actor, Change, IdSource, NewEvent, NewJob, Stream, StreamKind, Timestamp};
use linli_testkit::on_both;

/// The smallest state there is: a named setting.
#[derive(Clone)]
struct Setting(&'static str, String);

impl Store for Setting {
    fn store(&self, writer: &mut Writer<'_>) -> Result<(), StoreError> {
        writer.exec(
            "INSERT INTO setting (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = $2",
            &params![self.0, self.1],
        )?;
        Ok(())
    }
}

fn at(ms: i64) -> Timestamp {
    Timestamp::from_ms(ms)
}

fn event(id: &str, kind: &'static str, text: Option<&str>) -> NewEvent {
    NewEvent {
        stream: Stream::new(StreamKind::Area, id),
        kind,
        at: at(1_000),
        actor: Actor::System,
        payload: json!({ "n": 1 }),
        text: text.map(str::to_owned),
        area: None,
        unit: None,
    }
}

fn change(id: &str, value: &str) -> Change<Setting> {
    Change::new(Setting("greeting", value.to_owned()), event(id, "named", Some("第一句话")))
}

async fn write_one(db: &Db, id: &'static str) {
    db.write(move |tx| tx.commit(change(id, "你好"))).await.unwrap();
}

async fn value(db: &Db) -> Option<String> {
    db.read(|conn| conn.first("SELECT value FROM setting WHERE name = 'greeting'", &[], |row| row.get("value")))
        .await
        .unwrap()
}

async fn n_events(db: &Db) -> i64 {
    db.read(|conn| conn.number("SELECT COUNT(*) AS n FROM event", &[])).await.unwrap()
}

on_both! {
    async fn a_change_writes_events_state_and_jobs_together(t: TestDb) {
        t.db.write(|tx| {
            let job = NewJob { topic: "notify", payload: json!({ "to": 1 }), due_at: at(500) };
            tx.commit(change("a", "你好").and(event("a", "renamed", None)).then(job))
        }).await.unwrap();
        assert_eq!(value(&t.db).await.as_deref(), Some("你好"));
        assert_eq!(n_events(&t.db).await, 2);
        let claimed = t.db.write(|tx| jobs::claim(tx, at(1_000), 10)).await.unwrap();
        assert_eq!((claimed.len(), claimed[0].topic.as_str(), &claimed[0].payload), (1, "notify", &json!({ "to": 1 })));
    }

    async fn a_refused_job_undoes_only_itself(t: TestDb) {
        let db = &t.db;
        let good = (0..20).map(|i| async move {
            db.write(move |tx| {
                tx.commit(change("a", "kept"))?;
                if i % 2 == 1 { Err(StoreError::Closed) } else { Ok(()) }
            }).await
        });
        let outcomes = futures(good).await;
        assert_eq!(outcomes.iter().filter(|out| out.is_ok()).count(), 10);
        assert_eq!(n_events(db).await, 10);
        assert_eq!(db.read(verify::verify).await.unwrap().broken, None);
    }

    async fn a_panicking_job_leaves_the_writer_alive_and_nothing_behind(t: TestDb) {
        let out: Result<(), StoreError> = t.db.write(|tx| {
            tx.commit(change("a", "lost"))?;
            panic!("on purpose")
        }).await;
        assert!(matches!(out, Err(StoreError::Panicked(text)) if text == "on purpose"));
        assert_eq!(n_events(&t.db).await, 0);
        write_one(&t.db, "a").await;
        assert_eq!(n_events(&t.db).await, 1);
    }

    async fn a_panicking_read_leaves_the_reader_alive(t: TestDb) {
        for _ in 0..8 {
            let out: Result<(), StoreError> = t.db.read(|_| panic!("on purpose")).await;
            assert!(matches!(out, Err(StoreError::Panicked(_))));
        }
        assert_eq!(n_events(&t.db).await, 0);
    }

    async fn a_job_that_swallows_a_fault_takes_nobody_with_it(t: TestDb) {
        let db = &t.db;
        let outcomes = futures((0..20).map(|i| async move {
            db.write(move |tx| {
                tx.commit(change(["a", "b"][i % 2], "kept"))?;
                if i % 5 == 3 {
                    // PostgreSQL has broken the transaction by now; the job does not look.
                    drop(tx.bookkeep(|w| w.exec("INSERT INTO nowhere VALUES (1)", &[])));
                }
                Ok::<_, StoreError>(())
            }).await
        })).await;
        let n_kept = outcomes.iter().filter(|out| out.is_ok()).count();
        assert!(n_kept >= 16, "{outcomes:?}");
        assert_eq!(n_events(db).await, i64::try_from(n_kept).unwrap());
        assert_eq!(db.read(verify::verify).await.unwrap().broken, None);
    }

    async fn a_wrong_statement_fails_its_job_alone(t: TestDb) {
        let out: Result<u64, StoreError> = t.db.write(|tx| tx.bookkeep(|w| w.exec("INSERT INTO nowhere VALUES (1)", &[]))).await;
        assert!(out.is_err());
        write_one(&t.db, "a").await;
        assert_eq!(n_events(&t.db).await, 1);
    }

    async fn many_writers_on_one_history_leave_one_unbroken_chain(t: TestDb) {
        let db = &t.db;
        let outcomes = futures((0..100).map(|_| async move { db.write(|tx| tx.commit(change("a", "x")).map(|_| ())).await })).await;
        assert!(outcomes.iter().all(Result::is_ok), "{outcomes:?}");
        let verified = db.read(verify::verify).await.unwrap();
        assert_eq!((verified.n_streams, verified.n_events, verified.broken), (1, 100, None));
    }

    async fn every_tampering_is_named(t: TestDb) {
        for (what, sql) in [
            (verify::BrokenHow::Content, "UPDATE event SET payload = '{\"n\":2}' WHERE stream_id = 'b' AND n = 2"),
            (verify::BrokenHow::Gap, "DELETE FROM event WHERE stream_id = 'b' AND n = 1"),
            (verify::BrokenHow::Text, "UPDATE event_text SET body = '改过的话' WHERE stream_id = 'b' AND n = 2"),
            (verify::BrokenHow::Link, "UPDATE event SET prev_hash = hash WHERE stream_id = 'b' AND n = 2"),
        ] {
            let t = linli_testkit::TestDb::new(match t.config { Config::Sqlite { .. } => linli_testkit::Backend::Sqlite, Config::Postgres { .. } => linli_testkit::Backend::Postgres });
            for id in ["a", "b", "b", "b", "c"] {
                write_one(&t.db, id).await;
            }
            t.db.write(move |tx| tx.bookkeep(|w| w.exec(sql, &[]))).await.unwrap();
            let broken = t.db.read(verify::verify).await.unwrap().broken.unwrap();
            assert_eq!((broken.stream_id.as_str(), broken.n, broken.what), ("b", 2, what));
        }
    }

    async fn a_history_that_lost_its_end_is_named(t: TestDb) {
        for (sql, n) in [
            ("DELETE FROM event WHERE stream_id = 'b' AND n = 3", 3),
            ("DELETE FROM event WHERE stream_id = 'b'", 1),
            ("DELETE FROM chain_end WHERE stream_id = 'b'", 4),
        ] {
            let t = linli_testkit::TestDb::new(match t.config { Config::Sqlite { .. } => linli_testkit::Backend::Sqlite, Config::Postgres { .. } => linli_testkit::Backend::Postgres });
            for id in ["a", "b", "b", "b", "c"] {
                write_one(&t.db, id).await;
            }
            t.db.write(move |tx| tx.bookkeep(|w| w.exec(sql, &[]))).await.unwrap();
            let broken = t.db.read(verify::verify).await.unwrap().broken.unwrap();
            assert_eq!((broken.stream_id.as_str(), broken.n, broken.what), ("b", n, verify::BrokenHow::End));
        }
    }

    async fn a_day_is_closed_once_and_its_root_finds_what_the_chains_cannot(t: TestDb) {
        const DAY_MS: i64 = 86_400_000;
        let sign = |bytes: &[u8]| -> [u8; 32] { let mut out = [7; 32]; for (i, byte) in bytes.iter().enumerate() { out[i % 32] ^= byte.wrapping_add(u8::try_from(i % 251).unwrap()); } out };
        let forged = |_: &[u8]| [0_u8; 32];
        let db = &t.db;
        let now = |day: i64| at(1_790_000_000_000 + day * DAY_MS);
        for day in 0..3 {
            for id in ["a", "b"] { write_one(db, id).await; }
            let mut closed = None;
            // On PostgreSQL an event waits for every older transaction of the server, other tests' too.
            for _ in 0..100_000 {
                if db.read(feed::end).await.unwrap() != feed::Position::default() && db.read(|conn| feed::after(conn, feed::Position::default(), 100)).await.unwrap().len() == usize::try_from((day + 1) * 2).unwrap() { break; }
            }
            for _ in 0..2 {
                closed = closed.or(db.write(move |tx| roots::close_day(tx, now(day), &sign)).await.unwrap());
            }
            assert!(closed.is_some(), "{day}");
            assert_eq!(db.write(move |tx| roots::close_day(tx, now(day), &sign)).await.unwrap(), None);
        }
        let checked = db.read(move |conn| roots::check(conn, &sign)).await.unwrap();
        assert_eq!((checked.n_days, checked.broken), (3, None));
        let other_key = db.read(move |conn| roots::check(conn, &forged)).await.unwrap();
        assert_eq!(other_key.broken.unwrap(), ("2026-09-20".to_owned(), roots::BrokenRoot::Signature));
        // A whole history, its end and all that counts it taken away: every chain that is left is whole.
        db.write(|tx| tx.bookkeep(|w| { w.exec("DELETE FROM event WHERE stream_id = 'b' AND n > 1", &[])?; w.exec("DELETE FROM event_text WHERE stream_id = 'b' AND n > 1", &[])?; w.exec("UPDATE chain_end SET n = 1 WHERE stream_id = 'b'", &[]) })).await.unwrap();
        assert_eq!(db.read(verify::verify).await.unwrap().broken, None);
        let checked = db.read(move |conn| roots::check(conn, &sign)).await.unwrap();
        assert_eq!(checked.broken.unwrap(), ("2026-09-21".to_owned(), roots::BrokenRoot::Events));
    }

    async fn an_erased_text_leaves_the_chain_whole(t: TestDb) {
        write_one(&t.db, "a").await;
        t.db.write(|tx| tx.bookkeep(|w| w.exec("DELETE FROM event_text", &[]))).await.unwrap();
        assert_eq!(t.db.read(verify::verify).await.unwrap().broken, None);
    }

    async fn the_feed_gives_every_event_once_and_in_order(t: TestDb) {
        let db = &t.db;
        futures((0..50).map(|i| async move {
            db.write(move |tx| tx.commit(change(["a", "b", "c"][i % 3], "x")).map(|_| ())).await.unwrap();
        })).await;
        let mut position = feed::Position::default();
        let mut seen = Vec::new();
        let mut n_empty = 0;
        loop {
            let events = db.read(move |conn| feed::after(conn, position, 7)).await.unwrap();
            let Some(last) = events.last() else {
                // On PostgreSQL an event waits for every older transaction of the server, other tests' too.
                n_empty += 1;
                if seen.len() == 50 || n_empty > 100_000 {
                    break;
                }
                continue;
            };
            position = last.position;
            seen.extend(events.iter().map(|event| (event.stream_id.clone(), event.n)));
        }
        assert_eq!(seen.len(), 50);
        for id in ["a", "b", "c"] {
            let numbers: Vec<i64> = seen.iter().filter(|(stream, _)| stream == id).map(|(_, n)| *n).collect();
            assert_eq!(numbers, (1..=i64::try_from(numbers.len()).unwrap()).collect::<Vec<_>>());
        }
        assert_eq!(db.read(feed::end).await.unwrap(), position);
    }

    async fn a_consumer_remembers_how_far_it_read(t: TestDb) {
        let position = feed::Position { tx_id: 3, seq: 9 };
        assert_eq!(t.db.read(|conn| feed::position_of(conn, "live")).await.unwrap(), None);
        t.db.write(move |tx| feed::remember(tx, "live", position)).await.unwrap();
        assert_eq!(t.db.read(|conn| feed::position_of(conn, "live")).await.unwrap(), Some(position));
    }

    async fn a_command_sent_twice_acts_once_and_answers_twice(t: TestDb) {
        let db = &t.db;
        let outcomes = futures((0..20).map(|_| async move {
            db.write(|tx| {
                let key = idempotency::Key::new("reporters", "k1", &[b"body"]);
                match idempotency::look_up::<String>(tx, &key)? {
                    idempotency::Known::Done(outcome) => Ok(outcome),
                    idempotency::Known::Reused => Err(StoreError::Closed),
                    idempotency::Known::New => {
                        tx.commit(change("a", "once"))?;
                        idempotency::remember(tx, &key, &"outcome", at(1))?;
                        Ok("outcome".to_owned())
                    }
                }
            }).await.unwrap()
        })).await;
        assert!(outcomes.iter().all(|outcome| outcome == "outcome"));
        assert_eq!(n_events(db).await, 1);
        let other = db.read(|conn| idempotency::look_up::<String>(conn, &idempotency::Key::new("reporters", "k1", &[b"other"]))).await.unwrap();
        assert_eq!(other, idempotency::Known::Reused);
    }

    async fn a_claimed_command_acts_once_and_a_refused_one_leaves_its_key_free(t: TestDb) {
        let db = &t.db;
        let key = || idempotency::Key::new("reporters", "k1", &[b"body"]);
        let refused: Result<(), StoreError> = db.write(move |tx| {
            idempotency::claim::<u32>(tx, &key(), &99, at(1))?;
            Err(StoreError::Closed)
        }).await;
        assert!(refused.is_err());
        let outcomes = futures((0..20_u32).map(|i| async move {
            db.write(move |tx| match idempotency::claim::<u32>(tx, &key(), &i, at(1))? {
                idempotency::Known::Done(outcome) => Ok::<_, StoreError>(outcome),
                idempotency::Known::Reused => Err(StoreError::Closed),
                idempotency::Known::New => tx.commit(change("a", "once")).map(|_| i),
            }).await.unwrap()
        })).await;
        assert!(outcomes.iter().all(|outcome| *outcome == outcomes[0]), "{outcomes:?}");
        assert_eq!(n_events(db).await, 1);
        let other = db.write(|tx| idempotency::claim::<u32>(tx, &idempotency::Key::new("reporters", "k1", &[b"other"]), &7, at(1))).await.unwrap();
        assert_eq!(other, idempotency::Known::Reused);
    }

    async fn a_history_that_was_begun_before_is_found_out(t: TestDb) {
        struct First(Setting);
        impl Store for First {
            fn begins(&self) -> bool { true }
            fn store(&self, writer: &mut Writer<'_>) -> Result<(), StoreError> { self.0.store(writer) }
        }
        let first = |id: &str| Change::new(First(Setting("greeting", "x".to_owned())), event(id, "named", None)).and(event(id, "renamed", Some("话")));
        t.db.write(move |tx| tx.commit(first("a"))).await.unwrap();
        assert!(matches!(t.db.write(move |tx| tx.commit(first("a"))).await, Err(StoreError::Busy)));
        t.db.write(move |tx| tx.commit(first("b"))).await.unwrap();
        assert_eq!(n_events(&t.db).await, 4);
        assert_eq!(t.db.read(verify::verify).await.unwrap().broken, None);
    }

    async fn a_job_is_claimed_by_one_and_comes_back_when_its_lease_ends(t: TestDb) {
        let db = &t.db;
        db.write(|tx| {
            let mut change = change("a", "x");
            for i in 0..30 {
                change = change.then(NewJob { topic: "notify", payload: json!({ "i": i }), due_at: at(0) });
            }
            tx.commit(change)
        }).await.unwrap();
        let claims = futures((0..6).map(|_| async move { db.write(|tx| jobs::claim(tx, at(10), 5)).await.unwrap() })).await;
        let mut ids: Vec<_> = claims.iter().flatten().map(|job| job.id).collect();
        ids.sort();
        ids.dedup();
        assert_eq!(ids.len(), 30);
        assert!(db.write(|tx| jobs::claim(tx, at(20), 50)).await.unwrap().is_empty());
        db.write({ let id = ids[0]; move |tx| jobs::done(tx, id, at(30)) }).await.unwrap();
        let again = db.write(|tx| jobs::claim(tx, at(20 + jobs::LEASE_MS), 50)).await.unwrap();
        assert_eq!(again.len(), 29);
        assert!(again.iter().all(|job| job.n_attempts == 2));
    }

    async fn values_read_back_as_they_were_written(t: TestDb) {
        let row = t.db.read(|conn| conn.first(
            "SELECT CAST($1 AS BIGINT) AS i, CAST($2 AS TEXT) AS t, CAST($3 AS DOUBLE PRECISION) AS f, CAST($4 AS TEXT) AS missing, CAST($1 AS BIGINT) AS again",
            &params![i64::MAX, "渭南\u{1F3E0}", 109.5_f64, None::<String>],
            |row| Ok((row.get::<i64>("i")?, row.get::<String>("t")?, row.get::<f64>("f")?, row.get::<Option<String>>("missing")?, row.get::<i64>("again")?)),
        )).await.unwrap().unwrap();
        assert_eq!(row, (i64::MAX, "渭南\u{1F3E0}".to_owned(), 109.5, None, i64::MAX));
    }

    async fn a_second_opening_finds_nothing_to_migrate(t: TestDb) {
        let (_, applied) = Db::open(t.config.clone(), std::sync::Arc::new(IdSource::random())).unwrap();
        assert!(applied.names.is_empty());
    }

    async fn a_database_of_a_newer_linli_is_left_alone(t: TestDb) {
        t.db.write(|tx| tx.bookkeep(|w| w.exec("INSERT INTO migration (n, name) VALUES (999, 'future')", &[]))).await.unwrap();
        let opened = Db::open(t.config.clone(), std::sync::Arc::new(IdSource::random()));
        assert!(matches!(opened.err(), Some(StoreError::Newer { found: 999, .. })));
    }
}

async fn futures<F: Future>(all: impl IntoIterator<Item = F>) -> Vec<F::Output> {
    let mut running: Vec<_> = all.into_iter().map(Box::pin).collect();
    let mut done: Vec<Option<F::Output>> = running.iter().map(|_| None).collect();
    std::future::poll_fn(move |cx| {
        let mut waiting = false;
        for (future, slot) in running.iter_mut().zip(done.iter_mut()).filter(|(_, slot)| slot.is_none()) {
            match future.as_mut().poll(cx) {
                std::task::Poll::Ready(out) => *slot = Some(out),
                std::task::Poll::Pending => waiting = true,
            }
        }
        if waiting {
            std::task::Poll::Pending
        } else {
            std::task::Poll::Ready(done.iter_mut().filter_map(Option::take).collect())
        }
    })
    .await
}
