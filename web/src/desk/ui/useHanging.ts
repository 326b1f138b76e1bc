/**
 * Where a list of choices hangs: fixed on the page, so that a scrolling panel around its field does not cut it off, and
 * following the field while it is open, because what is above may grow while one types.
 */
import { onBeforeUnmount, ref, watch, type Ref } from "vue";

/** Pixels that a full list takes. */
const LIST_PX = 320;
/** Narrower than this the choices could not be told apart. */
const LEAST_WIDTH_PX = 300;
const MARGIN_PX = 8;

export function useHanging(field: Ref<HTMLElement | null>, open: Ref<boolean>): Ref<Record<string, string>> {
  const spot = ref<Record<string, string>>({});
  let frame = 0;

  function follow(): void {
    const box = field.value?.getBoundingClientRect();
    if (box === undefined) return;
    if (box.bottom < 0 || box.top > window.innerHeight) {
      open.value = false;
      return;
    }
    const below = window.innerHeight - box.bottom;
    const upward = below < LIST_PX && box.top > below;
    const next: Record<string, string> = {
      insetInlineStart: `${box.left}px`,
      inlineSize: `${Math.min(Math.max(box.width, LEAST_WIDTH_PX), window.innerWidth - box.left - MARGIN_PX)}px`,
      ...(upward ? { insetBlockEnd: `${window.innerHeight - box.top + 2}px` } : { insetBlockStart: `${box.bottom + 2}px` }),
    };
    if (JSON.stringify(next) !== JSON.stringify(spot.value)) spot.value = next;
    frame = requestAnimationFrame(follow);
  }

  watch(open, (now) => {
    cancelAnimationFrame(frame);
    if (now) follow();
  });
  onBeforeUnmount(() => cancelAnimationFrame(frame));
  return spot;
}
