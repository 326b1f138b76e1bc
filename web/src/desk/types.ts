/** The API's shapes that only this face uses; the rest comes from `@shared/api/types`. */
import type { components, paths } from "@shared/api/schema";

type Shapes = components["schemas"];

export type Account = Shapes["Account"];
export type AreaRow = Shapes["AreaRow"];
export type AreaView = Shapes["AreaView"];
export type BannerView = Shapes["BannerView"];
export type AreaFigures = Shapes["AreaFigures"];
export type BoardBand = Shapes["BoardBand"];
export type BoardItem = Shapes["BoardItem"];
export type BoardPoint = Shapes["BoardPoint"];
export type BoardScope = Shapes["BoardScope"];
export type BoardUnit = Shapes["BoardUnit"];
export type BoardValue = Shapes["BoardValue"];
export type BoardView = Shapes["BoardView"];
export type CountedCase = Shapes["CountedCase"];
export type DeliveryRow = Shapes["DeliveryRow"];
export type DeliveryTarget = Shapes["DeliveryTarget"];
export type HotSpot = Shapes["HotSpot"];
export type HotSpotDetail = Shapes["HotSpotDetail"];
export type IndicatorList = Shapes["IndicatorList"];
export type IndicatorView = Shapes["IndicatorView"];
export type NoticeLogEntry = Shapes["NoticeLogEntry"];
export type BoxKey = Shapes["BoxKey"];
export type BulkOutcome = Shapes["BulkOutcome"];
export type Callback = paths["/api/callbacks"]["get"]["responses"]["200"]["content"]["application/json"]["items"][number];
export type AddressChoice = Shapes["AddressChoice"];
export type AroundCall = Shapes["AroundCall"];
export type AlikeCase = Shapes["AlikeCase"];
export type Finding = Shapes["Finding"];
export type PlaybookView = Shapes["PlaybookView"];
export type Profile = Shapes["Profile"];
export type UnitFigures = Shapes["UnitFigures"];
export type ReadLogEntry = paths["/api/read-log"]["get"]["responses"]["200"]["content"]["application/json"]["items"][number];
export type ResponsibilityEntry = Shapes["ResponsibilityEntry"];
export type Role = Shapes["Role"];
