// Short names for the generated shapes. Faces import from here, so a renamed schema is mended in one place.
import type { components } from "./schema";

type Schemas = components["schemas"];

export type Site = Schemas["Site"];
export type Notice = Schemas["SiteNotice"];
export type MyNotice = Schemas["MyNotice"];
export type NoticeSettings = Schemas["NoticeSettings"];
export type ReporterNotice = Schemas["ReporterNotice"];
export type DemoAccount = Schemas["DemoAccount"];
export type AreaLevel = Schemas["AreaLevel"];
export type AreaRef = Schemas["AreaRef"];
export type Point = Schemas["Point"];
export type Category = Schemas["Category"];
export type Place = Schemas["Place"];
export type Contact = Schemas["Contact"];
export type Routing = Schemas["Routing"];
export type RoutingRequest = Schemas["PreviewRouting"];
/** A known matter that may be the same as the one being reported. */
export type SimilarMatter = Schemas["SimilarView"];
export type Attachment = Schemas["Attachment"];
export type ReportCase = Schemas["ReportCase"];
export type PublicCase = Schemas["PublicCase"];
export type TimelineEntry = Schemas["TimelineEntry"];
export type Reply = Schemas["Reply"];
export type Rating = Schemas["Rating"];
export type Field = Schemas["Field"];
export type Action = Schemas["Action"];
export type ActionOffer = Schemas["ActionOffer"];
export type TaskView = Schemas["TaskView"];
export type TaskOffer = Schemas["TaskOffer"];
export type TaskAction = Schemas["TaskAction"];
export type Template = Schemas["Template"];
export type LinkedTask = Schemas["LinkedTask"];
/** What a form needs to know of what it is for: an action on a case, or on a task beside it. */
export type FormOffer = Pick<ActionOffer, "name" | "form"> & Partial<Pick<ActionOffer, "hint" | "tone">>;
export type Phase = Schemas["Phase"];
export type Weight = Schemas["Weight"];
export type Me = Schemas["Me"];
export type Grant = Schemas["Grant"];
export type InboxBox = Schemas["InboxBox"];
export type CaseRow = Schemas["CaseRow"];
export type FoundCases = Schemas["FoundCases"];
export type FoundPart = Schemas["FoundPart"];
export type CaseView = Schemas["CaseView"];
/** What became of a command: the case as it stands now, or that it is done and no longer this person's to see. */
export type Acted = Schemas["Acted"];
export type Gone = Schemas["ActedAndGone"];
export type DeadlineView = Schemas["DeadlineView"];
export type SeatSuggestion = Schemas["SeatSuggestion"];
/** A field that is wrong: its name in the request, a stable code, what to do about it. */
export type FieldError = Schemas["FieldProblem"];
export type Problem = Schemas["Problem"];
export type DueState = CaseRow["due_state"];
/** The values of an action's form, by field name. */
export type FormValues = Record<string, unknown>;
