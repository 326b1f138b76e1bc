//! The index leads to every case that fits, and each is shown once: checked against reading them all.

use linli_access::Keys;
use linli_kernel::AreaCode;
use proptest::prelude::*;

use super::plan::{self, Held, Plan, Rank};
use super::query::{Asked, Placed};
use super::terms::Described;

#[derive(Clone, Debug)]
struct Text {
    said: String,
    place: String,
    done: String,
    grid: u32,
}

fn community(n: u32) -> AreaCode {
    AreaCode::parse(&format!("61050200500{}", n + 1)).unwrap()
}

/// Few characters, so that pairs meet and part often.
fn any_text() -> impl Strategy<Value = Text> {
    let words = || prop::collection::vec(prop::sample::select(vec!["路", "灯", "亮", "井", "，", "3", "A"]), 0..7);
    (words(), words(), words(), 0_u32..3).prop_map(|(said, place, done, grid)| Text {
        said: said.concat(),
        place: place.concat(),
        done: done.concat(),
        grid,
    })
}

fn any_query() -> impl Strategy<Value = String> {
    prop::collection::vec(
        prop::collection::vec(prop::sample::select(vec!["路", "灯", "亮", "井", "3", "a"]), 1..4),
        1..3,
    )
    .prop_map(|words| words.into_iter().map(|word| word.concat()).collect::<Vec<_>>().join(" "))
}

fn held(texts: &[Text]) -> Held {
    let mut held = Held::new();
    for (text, place) in texts.iter().zip(0_u16..) {
        let area = community(text.grid);
        let case = Described {
            said: &text.said,
            place: &text.place,
            reply: &text.done,
            area: Some(area),
            ..Described::default()
        };
        for term in case.terms(&Keys::default()) {
            held.entry(term).or_default().add(place);
        }
    }
    held
}

proptest! {
    #[test]
    fn every_case_that_fits_is_led_to_once_and_no_other_is_shown(
        texts in prop::collection::vec(any_text(), 1..30),
        query in any_query(),
        place in prop::option::of(0_u32..3),
    ) {
        let asked = Asked::of(&query);
        // As if the first word were the name of the place.
        let placed = place.map(|n| Placed { areas: vec![community(n)], rest: asked.words.iter().skip(1).cloned().collect() });
        let plan = Plan::of(&asked, placed.as_ref());
        let held = held(&texts);
        let own = |text: &Text| plan::rank(&asked, placed.as_ref(), [&text.said, &text.place, &text.done], &community(text.grid));
        for (text, n) in texts.iter().zip(0_u16..) {
            let shown = [Rank::Place, Rank::Said, Rank::Anywhere].into_iter().filter(|led| {
                let is_led_to = (*led != Rank::Place || placed.is_some()) && plan.members(*led, &held).iter().any(|member| member == n);
                is_led_to && own(text).is_some_and(|rank| rank.is_shown_among(*led))
            });
            prop_assert_eq!(shown.count(), usize::from(own(text).is_some()), "{:?} for {:?}", text, query);
        }
    }
}
