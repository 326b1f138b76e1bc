/** The address of the cases behind a figure, at the desk. */
export function deskLink(box: string, areaCode: string): string {
  return `/desk/inbox?${new URLSearchParams({ box, area: areaCode }).toString()}`;
}

/** The address of one case at the desk; Escape there leads to the box it was found in. */
export function caseLink(id: string, box: string, areaCode: string): string {
  return `/desk/cases/${encodeURIComponent(id)}?${new URLSearchParams({ box, area: areaCode }).toString()}`;
}

/** The address of the board of an area, at the desk. */
export function boardLink(areaCode: string): string {
  return `/desk/board?${new URLSearchParams({ area: areaCode }).toString()}`;
}
