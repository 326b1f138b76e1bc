import type { components } from "@shared/api/schema";

type Shapes = components["schemas"];
export type WallView = Shapes["WallView"];
export type WallArea = Shapes["WallArea"];
export type WallFigure = Shapes["WallFigure"];
