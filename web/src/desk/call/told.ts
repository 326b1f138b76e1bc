/** What the caller is told at the end: in which case it stands, by which number, who answers and by when. */
export interface Told {
  /** `new`: a case of its own; `same`: it follows another; `urged`: it was added to one that was there. */
  kind: "new" | "same" | "urged";
  id: string;
  code: string;
  paperNo: string | null;
  seat: string;
  promisedAt: string | null;
  followUrl: string | null;
}
