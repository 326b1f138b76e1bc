import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { nextTick, reactive, ref } from "vue";
import { Begun, begunForms, useBegun, useGoingOn } from "./begun";
import { KEPT_MS } from "./fresh";
import * as phone from "./phone";

// A phone that keeps what it is given, slowly enough that two writes would cross.
vi.mock("./phone", () => ({ isOpen: vi.fn(), keptDraft: vi.fn(), keepDraft: vi.fn() }));
let stored: unknown = null;

beforeEach(() => {
  stored = null;
  vi.clearAllMocks();
  vi.mocked(phone.isOpen).mockReturnValue(true);
  vi.mocked(phone.keptDraft).mockImplementation(() => Promise.resolve(stored));
  vi.mocked(phone.keepDraft).mockImplementation(async (_, draft) => {
    await Promise.resolve();
    stored = JSON.parse(JSON.stringify(draft));
  });
});
afterEach(() => {
  vi.useRealTimers();
});

it("each form finds its own again, though several were written at once", async () => {
  const begun = new Begun<string>("registry");
  void begun.put("a", "一");
  void begun.put("b", "二");
  void begun.put("a", "三");
  expect([await begun.last("a"), await begun.last("b"), await begun.last("c")]).toEqual(["三", "二", null]);
  void begun.put("a", null);
  expect(await begun.last("a")).toBeNull();
  expect(stored).toEqual({ b: "二" });
});

it("the oldest make way, and so does what is not worth keeping any longer", async () => {
  const begun = new Begun<string>("registry", (one) => one !== "旧");
  stored = { old: "旧" };
  for (let n = 0; n < 25; n += 1) await begun.put(`form ${n}`, "新");
  expect(Object.keys(stored ?? {})).toEqual(Array.from({ length: 20 }, (_, n) => `form ${n + 5}`));
});

it("a phone that is locked keeps what it had and gives nothing", async () => {
  const begun = new Begun<string>("registry");
  await begun.put("a", "一");
  vi.mocked(phone.isOpen).mockReturnValue(false);
  await begun.put("a", "二");
  expect([await begun.last("a"), stored]).toEqual([null, { a: "一" }]);
});

it("a form is kept after a pause, and no more once it was dropped", async () => {
  vi.useFakeTimers();
  const words = ref("");
  const { drop } = useBegun(new Begun<string>("registry"), () => "a", () => (words.value === "" ? null : words.value));
  for (const typed of ["幸", "幸福"]) {
    words.value = typed;
    await nextTick();
  }
  await vi.runAllTimersAsync();
  expect([stored, vi.mocked(phone.keepDraft).mock.calls.length]).toEqual([{ a: "幸福" }, 1]);
  words.value = "幸福小区";
  await nextTick();
  drop();
  words.value = "幸福小区3号楼";
  await nextTick();
  await vi.runAllTimersAsync();
  expect(stored).toEqual({});
});

describe("a form that goes on", () => {
  interface Words {
    place: string;
    note: string;
  }
  const fresh = (): Words => ({ place: "第三网格", note: "" });
  const forms = begunForms<Words>("visits", ["note"]);
  const opened = () => {
    const form = reactive(fresh());
    return { form, ...useGoingOn(forms, "duty", form, fresh) };
  };

  beforeEach(() => {
    vi.useFakeTimers();
  });

  it("comes back with what was typed, and says so; begun anew it is empty", async () => {
    const { form } = opened();
    await vi.runAllTimersAsync();
    Object.assign(form, { place: "3号楼", note: "楼道堆了纸箱" });
    await nextTick();
    await vi.runAllTimersAsync();

    const again = opened();
    expect(again.looking.value).toBe(true);
    await vi.runAllTimersAsync();
    expect([again.form, again.back.value, again.looking.value]).toEqual([{ place: "3号楼", note: "楼道堆了纸箱" }, true, false]);
    again.startOver();
    await nextTick();
    await vi.runAllTimersAsync();
    expect([again.form, again.back.value, stored]).toEqual([fresh(), false, {}]);
  });

  it("is not worth keeping for a place alone, nor after days", async () => {
    const { form } = opened();
    form.place = "3号楼";
    await nextTick();
    await vi.runAllTimersAsync();
    expect(stored).toBeNull();
    stored = { duty: { at: Date.now() - KEPT_MS, changed: { note: "上周的" } } };
    const late = opened();
    await vi.runAllTimersAsync();
    expect([late.form, late.back.value]).toEqual([fresh(), false]);
  });

  it("takes nothing away from whoever was quicker than the disk", async () => {
    stored = { duty: { at: Date.now(), changed: { note: "昨天写的" } } };
    const { form, back } = opened();
    form.note = "刚写的";
    await vi.runAllTimersAsync();
    expect([form.note, back.value]).toEqual(["刚写的", false]);
  });

  it("that was saved does not come back; another one in its place is kept", async () => {
    const { form, drop, anew } = opened();
    await vi.runAllTimersAsync();
    form.note = "第一条";
    await nextTick();
    drop();
    Object.assign(form, fresh());
    anew();
    await nextTick();
    await vi.runAllTimersAsync();
    expect(stored).toEqual({});
    form.note = "第二条";
    await nextTick();
    await vi.runAllTimersAsync();
    expect(stored).toMatchObject({ duty: { changed: { note: "第二条" } } });
  });
});
