import { afterEach, expect, it, vi } from "vitest";
import { nextTick } from "vue";
import { noteBody, placeWords, type NoteDraft } from "./noteDraft";

const LAMP = { by: "facility", id: "0198", name: "3号楼前路灯", address: "幸福小区3号楼前" } as const;

const draft = (more: Partial<NoteDraft>): NoteDraft => ({ text: " 灯不亮 ", photos: [], place: null, address: "", category: "", name: "", phone: "", attempt: null, ...more });

it("a report of a facility carries the facility and no other place", () => {
  expect(noteBody(draft({ place: LAMP }))).toEqual({ text: "灯不亮", facility: "0198", channel: "visit" });
  expect(noteBody(draft({ place: LAMP, address: "2单元门口" })).address).toBeUndefined();
});

it("what is noted elsewhere carries its place and what was added to it", () => {
  const body = noteBody(draft({ place: { by: "area", code: "610502005007003", name: "第三网格" }, address: "2单元门口" }));
  expect(body).toEqual({ text: "灯不亮", area_code: "610502005007003", address: "2单元门口", channel: "visit" });
});

it("the list of what waits says where: a facility by its name and where it stands", () => {
  expect(placeWords({ place: LAMP, address: "2单元门口" })).toBe("幸福小区3号楼前 3号楼前路灯");
  expect(placeWords({ place: { by: "area", code: "6", name: "第三网格" }, address: " 门口 " })).toBe("第三网格 门口");
  expect(placeWords({ place: null, address: "" })).toBe("");
});

/** What a browser keeps, by its two stores. */
function stubStores(): Record<"localStorage" | "sessionStorage", Map<string, string>> {
  const stores = { localStorage: new Map<string, string>(), sessionStorage: new Map<string, string>() };
  for (const [name, kept] of Object.entries(stores)) {
    const setItem = (key: string, value: string): void => void kept.set(key, value);
    vi.stubGlobal(name, { getItem: (key: string) => kept.get(key) ?? null, setItem, removeItem: (key: string) => kept.delete(key) });
  }
  return stores;
}

/** The page as it is loaded. */
async function loaded(): Promise<typeof import("./noteDraft")> {
  vi.resetModules();
  return import("./noteDraft");
}

afterEach(() => {
  vi.unstubAllGlobals();
});

it("without a PIN a draft survives a reload and not its tab", async () => {
  const { localStorage, sessionStorage } = stubStores();
  const { draft: written } = (await loaded()).useNoteDraft();
  Object.assign(written, { text: "灯不亮", name: "示例居民", phone: "19900000000" });
  await nextTick();
  expect((await loaded()).useNoteDraft().draft).toMatchObject({ text: "灯不亮", name: "示例居民", phone: "19900000000" });
  expect(localStorage.size).toBe(0);
  // Another tab.
  sessionStorage.clear();
  expect((await loaded()).useNoteDraft().draft.name).toBe("");
});

it("when a session ended by itself a draft waits for whoever wrote it, and for nobody else", async () => {
  const { sessionStorage } = stubStores();
  const before = await loaded();
  before.noteIsOf("jing");
  Object.assign(before.useNoteDraft().draft, { text: "灯不亮", name: "示例居民" });
  await nextTick();
  const again = await loaded();
  again.noteIsOf("jing");
  expect(again.useNoteDraft().draft.text).toBe("灯不亮");
  const other = await loaded();
  other.noteIsOf("fan");
  await nextTick();
  expect(other.useNoteDraft().draft).toMatchObject({ text: "", name: "" });
  expect(sessionStorage.size).toBe(0);
});

it("a note that is being written when the phone gets its PIN goes on, sealed", async () => {
  const { sessionStorage } = stubStores();
  const sealed: unknown[] = [];
  const opened = { value: null as { account: string } | null };
  vi.doMock("../phone/phone", () => ({
    isOpen: () => opened.value !== null,
    usePhone: () => ({ opened }),
    keepDraft: async (_: string, one: unknown) => void sealed.push(one),
    keptDraft: async () => sealed.at(-1),
  }));
  const { useNoteDraft, sealNote, noteIsOf } = await loaded();
  noteIsOf("jing");
  Object.assign(useNoteDraft().draft, { text: "灯不亮", name: "示例居民" });
  await nextTick();
  opened.value = { account: "jing" };
  await sealNote();
  expect(sessionStorage.size).toBe(0);
  const { draft: goingOn, restored } = useNoteDraft();
  await restored;
  expect(goingOn).toMatchObject({ text: "灯不亮", name: "示例居民" });
  vi.doUnmock("../phone/phone");
});

it("whoever signs out without a PIN leaves nothing of a draft, on the page or in the tab", async () => {
  const { sessionStorage } = stubStores();
  const { useNoteDraft, leaveNote } = await loaded();
  const { draft: written } = useNoteDraft();
  Object.assign(written, { text: "灯不亮", name: "示例居民", phone: "19900000000" });
  await nextTick();
  expect(sessionStorage.size).toBe(1);
  leaveNote();
  await nextTick();
  expect(sessionStorage.size).toBe(0);
  expect(useNoteDraft().draft).toMatchObject({ text: "", name: "", phone: "" });
  // The next at this browser writes, and it is kept as ever.
  written.text = "井盖松动";
  await nextTick();
  expect((await loaded()).useNoteDraft().draft).toMatchObject({ text: "井盖松动", name: "" });
});

it("where nothing can be kept a note is written all the same", async () => {
  const refuse = (): never => {
    throw new Error("SecurityError");
  };
  vi.stubGlobal("sessionStorage", { getItem: refuse, setItem: refuse, removeItem: refuse });
  const { useNoteDraft } = await loaded();
  const { draft: written } = useNoteDraft();
  written.text = "灯不亮";
  await nextTick();
  expect(written.text).toBe("灯不亮");
});
