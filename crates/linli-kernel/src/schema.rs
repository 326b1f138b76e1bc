//! How our own types look in the OpenAPI document: strings with a meaning.

use std::borrow::Cow;

use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, Schema, SchemaFormat, Type};
use utoipa::{PartialSchema, ToSchema};

use crate::{
    AccountId, AreaCode, AttachmentId, CaseId, DeliveryId, DeviceId, EntryId, EventId, GrantId, HotSpotId, ImportId,
    PublicCode, TaskId, Timestamp, VisitId,
};

fn text(description: &str, format: Option<KnownFormat>, example: &str) -> RefOr<Schema> {
    ObjectBuilder::new()
        .schema_type(Type::String)
        .format(format.map(SchemaFormat::KnownFormat))
        .description(Some(description))
        .examples([serde_json::Value::from(example)])
        .into()
}

macro_rules! schema {
    ($($type:ident = $description:literal, $format:expr, $example:literal);+ $(;)?) => { $(
        impl PartialSchema for $type {
            fn schema() -> RefOr<Schema> { text($description, $format, $example) }
        }
        impl ToSchema for $type {
            fn name() -> Cow<'static, str> { Cow::Borrowed(stringify!($type)) }
        }
    )+ };
}

schema! {
    Timestamp = "A moment in UTC with milliseconds (RFC 3339).", Some(KnownFormat::DateTime), "2026-10-09T10:00:00.000Z";
    AreaCode = "Area code: 12 digits (city to community), 15 (grid) or 18 (micro-grid).", None, "610502005007003";
    PublicCode = "The code by which a resident follows a case.", None, "7K3MZ9QW2X";
    CaseId = "Id of a case (UUIDv7).", Some(KnownFormat::Uuid), "019a5f0e-7c3a-7000-8000-000000000001";
    TaskId = "Id of a task (UUIDv7).", Some(KnownFormat::Uuid), "019a5f0e-7c3a-7000-8000-000000000004";
    EntryId = "Id of a line of the responsibility list (UUIDv7).", Some(KnownFormat::Uuid), "019a5f0e-7c3a-7000-8000-000000000005";
    HotSpotId = "Id of a hot spot (UUIDv7).", Some(KnownFormat::Uuid), "019a5f0e-7c3a-7000-8000-000000000006";
    AccountId = "Id of an account (UUIDv7).", Some(KnownFormat::Uuid), "019a5f0e-7c3a-7000-8000-000000000002";
    AttachmentId = "Id of an attachment (UUIDv7).", Some(KnownFormat::Uuid), "019a5f0e-7c3a-7000-8000-000000000003";
    GrantId = "Id of a grant (UUIDv7).", Some(KnownFormat::Uuid), "019a5f0e-7c3a-7000-8000-000000000004";
    DeliveryId = "Id of a delivery to another system (UUIDv7).", Some(KnownFormat::Uuid), "019a5f0e-7c3a-7000-8000-000000000006";
    ImportId = "Id of an import of work orders (UUIDv7).", Some(KnownFormat::Uuid), "019a5f0e-7c3a-7000-8000-000000000007";
    VisitId = "Id of a record of a visit (UUIDv7).", Some(KnownFormat::Uuid), "019a5f0e-7c3a-7000-8000-000000000008";
    DeviceId = "Id of a phone that works with no network (UUIDv7).", Some(KnownFormat::Uuid), "019a5f0e-7c3a-7000-8000-000000000009";
    EventId = "Id of a logged read (UUIDv7).", Some(KnownFormat::Uuid), "019a5f0e-7c3a-7000-8000-000000000005";
}
