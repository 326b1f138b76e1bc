import { expect, it } from "vitest";
import { placeCodeIn } from "./scan";

it("takes the place code out of our own link", () => {
  expect(placeCodeIn("https://linli.example/?qr=AB12CD&x=1")).toBe("AB12CD");
  expect(placeCodeIn("http://localhost:8080/?from=wx&qr=%E6%A5%BC1#top")).toBe("楼1");
});

it("takes a typed code with the blanks that people add", () => {
  expect(placeCodeIn(" ab12 cd-34 ")).toBe("ab12cd34");
});
