//! What may be done with several cases together: what each of them offers, as far as it may be done for many. Pure.

use serde::Serialize;

use super::bulk::FOR_MANY;
use super::view::{ActionOffer, FieldView, FieldWord};
use crate::say::Lang;

/// What may be done with all of them.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct OffersForAll {
    /// Offered by every one.
    pub actions: Vec<ActionOffer>,
    /// How many of the cases the caller sees.
    pub n_seen: usize,
}

/// What every list has: the same act with the same form.
#[must_use]
pub fn common(all: Vec<Vec<ActionOffer>>, lang: Lang) -> OffersForAll {
    let n_seen = all.len();
    let mut lists = all.into_iter();
    let mut actions: Vec<ActionOffer> = lists.next().unwrap_or_default();
    actions.retain(|offer| FOR_MANY.contains(&offer.verb));
    for list in lists {
        actions.retain_mut(|offer| {
            let other = list.iter().find(|other| other.verb == offer.verb && is_same_form(&other.form, &offer.form));
            if let Some(other) = other {
                name_too(&mut offer.name, &other.name);
            }
            other.is_some()
        });
    }
    let actions = actions.into_iter().filter_map(|offer| for_many(offer, lang)).collect();
    OffersForAll { actions, n_seen }
}

/// 派单 and 改派 are one act under two names: 派单/改派.
fn name_too(name: &mut String, other: &str) {
    if name.split('/').all(|part| part != other) {
        name.push('/');
        name.push_str(other);
    }
}

fn is_same_form(one: &[FieldView], other: &[FieldView]) -> bool {
    let same = |(a, b): (&FieldView, &FieldView)| {
        (&a.name, a.kind, a.required, a.max_len, a.min, a.max) == (&b.name, b.kind, b.required, b.max_len, b.min, b.max)
            && a.options.iter().map(|option| &option.value).eq(b.options.iter().map(|option| &option.value))
    };
    one.len() == other.len() && one.iter().zip(other).all(same)
}

/// The form as it is filled in for many: photos belong to one case, a category and a weight may stay each one's own.
fn for_many(mut offer: ActionOffer, lang: Lang) -> Option<ActionOffer> {
    if offer.form.iter().any(|field| matches!(field.kind, FieldWord::Photos) && (field.required || field.min > 0)) {
        return None;
    }
    offer.form.retain(|field| !matches!(field.kind, FieldWord::Photos));
    for field in offer.form.iter_mut().filter(|field| matches!(field.kind, FieldWord::Category | FieldWord::Weight)) {
        field.required = false;
        field.help = Some(lang.text("bulk.keeps_own"));
    }
    Some(offer)
}

#[cfg(test)]
mod tests {
    use linli_kernel::Action;

    use super::*;
    use crate::cases::view::ToneView;

    fn field(name: &str, kind: FieldWord, required: bool) -> FieldView {
        let (label, options) = (name.to_owned(), Vec::new());
        FieldView { name: name.to_owned(), label, kind, required, max_len: 500, min: 0, max: None, help: None, options }
    }

    fn offer(verb: Action, name: &str, form: Vec<FieldView>) -> ActionOffer {
        ActionOffer { verb, name: name.to_owned(), tone: ToneView::Normal, hint: None, form }
    }

    #[test]
    fn what_each_offers_alike_is_offered_for_all_and_what_answers_one_resident_never() {
        let reason = || vec![field("reason", FieldWord::LongText, true)];
        let one = vec![
            offer(Action::Dispatch, "派单", reason()),
            offer(Action::Settle, "办结", vec![]),
            offer(Action::Take, "接单", vec![]),
        ];
        let other = vec![offer(Action::Dispatch, "改派", reason()), offer(Action::Settle, "办结", vec![])];
        let found = common(vec![one, other], Lang::ZhCn);
        let names: Vec<&str> = found.actions.iter().map(|offer| offer.name.as_str()).collect();
        assert_eq!((names.as_slice(), found.n_seen), (["派单/改派"].as_slice(), 2));
    }

    #[test]
    fn another_form_is_another_act() {
        let one = vec![offer(Action::SendBack, "退单", vec![field("ground", FieldWord::Ground, true)])];
        let other = vec![offer(Action::SendBack, "退单", vec![field("reason", FieldWord::LongText, true)])];
        assert!(common(vec![one, other], Lang::ZhCn).actions.is_empty());
    }

    #[test]
    fn photos_are_left_out_and_a_category_may_stay_each_ones_own() {
        let form = vec![field("category", FieldWord::Category, true), field("photos", FieldWord::Photos, false)];
        let found = common(vec![vec![offer(Action::Accept, "受理", form)]], Lang::ZhCn);
        let [field] = found.actions[0].form.as_slice() else { panic!("{:?}", found.actions) };
        assert!(!field.required && field.help.is_some());
        let needed = FieldView { min: 1, ..field_photos() };
        assert!(common(vec![vec![offer(Action::SendBack, "退单", vec![needed])]], Lang::ZhCn).actions.is_empty());
    }

    fn field_photos() -> FieldView {
        field("photos", FieldWord::Photos, false)
    }
}
