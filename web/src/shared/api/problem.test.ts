import { expect, it } from "vitest";
import { problemFrom, unreachable, mayRetry, ProblemError } from "./problem";
import { problemLines, problemText } from "../ui/problemText";

const t = (key: string): string => key;

it("keeps the server's words and prefers the detail", () => {
  const error = new ProblemError(problemFrom({ title: "不能办结", code: "gate", detail: "还缺照片" }, 422));
  expect(problemText(error, t)).toBe("还缺照片");
});

it("speaks for itself when a proxy's page or nothing came back", () => {
  expect(problemText(new ProblemError(problemFrom("<html>502</html>", 502)), t)).toBe("problem.unreadable_answer");
  expect(problemText(unreachable(), t)).toBe("problem.unreachable");
});

it("leads each refused field to its control", () => {
  const body = { title: "x", code: "invalid", errors: [{ field: "text", code: "required", message: "请填写" }] };
  const error = new ProblemError(problemFrom(body, 422));
  expect(problemLines(error, t, (field) => `id-${field}`)).toEqual([{ target: "id-text", message: "请填写" }]);
});

it("retries what may pass, not what was refused", () => {
  expect(mayRetry(unreachable())).toBe(true);
  expect(mayRetry(new ProblemError(problemFrom(null, 503)))).toBe(true);
  expect(mayRetry(new ProblemError(problemFrom(null, 403)))).toBe(false);
});
