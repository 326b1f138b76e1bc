/** What is due, for whoever works without a phone of their own: asked of the server. */
import { api, unwrap } from "@shared/api/client";
import type { Duty } from "../phone/types";

/** @throws ProblemError */
export const myDuties = async (): Promise<Duty[]> => (await unwrap(api.GET("/api/duties/mine"))).items;
