import type { Point } from "../api/types";

export type LocateFault = "refused" | "failed";

export class LocateError extends Error {
  readonly fault: LocateFault;

  constructor(fault: LocateFault) {
    super(`position not found: ${fault}`);
    this.name = "LocateError";
    this.fault = fault;
  }
}

const PATIENCE_MS = 15_000;

/**
 * Where this phone is now, in WGS-84. Asked once, for this report; nothing follows the phone.
 *
 * @throws LocateError `refused` when the person or the browser said no, `failed` when no position came
 */
export function locate(): Promise<Point> {
  return new Promise((resolve, reject) => {
    // Absent on plain http, where browsers refuse it.
    if (!("geolocation" in navigator)) {
      reject(new LocateError("failed"));
      return;
    }
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => resolve({ lon: coords.longitude, lat: coords.latitude }),
      (error) => reject(new LocateError(error.code === error.PERMISSION_DENIED ? "refused" : "failed")),
      { enableHighAccuracy: true, timeout: PATIENCE_MS, maximumAge: 60_000 },
    );
  });
}
