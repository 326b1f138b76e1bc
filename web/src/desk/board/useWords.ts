/** Figures in the reader's words. */
import { useI18n } from "vue-i18n";
import type { Phrase } from "@shared/lib/time";
import type { BoardBand, BoardValue } from "../types";
import { amountOf, count, type Amount, type Change, type Shape } from "./figures";

export interface Words {
  unit: (unit: Amount["unit"]) => string;
  said: (amount: Amount | null) => string;
  value: (shape: Shape, value: number | null | undefined) => string;
  change: (shape: Shape, change: Change | null, days: number) => string;
  band: (shape: Shape, band: BoardBand) => string;
  madeOf: (shape: Shape, value: BoardValue, numerator: string | null | undefined) => string;
}

export function useWords(): Words {
  const { t } = useI18n();
  const say = (phrase: Phrase): string => t(phrase.key, phrase.params);
  const unit = (of: Amount["unit"]): string => (typeof of === "string" ? of : say(of));

  function said(amount: Amount | null): string {
    if (amount === null) return t("desk.board.nothing");
    return unit(amount.unit) === "%" ? `${amount.n}%` : t("desk.board.amount", { n: amount.n, unit: unit(amount.unit) });
  }
  const value = (shape: Shape, one: number | null | undefined): string => said(amountOf(shape, one));

  function change(shape: Shape, of: Change | null, days: number): string {
    if (of === null) return t("desk.board.change.unknown", { days });
    if (of.way === "same") return t("desk.board.change.same", { days });
    const kind = shape.kind === "stock" ? "count" : shape.kind;
    return t(`desk.board.change.${kind}.${of.way}`, { days, by: said(of.by) });
  }

  return {
    unit,
    said,
    value,
    change,
    band(shape, { p25, p75 }) {
      const [from, to] = [value(shape, p25), value(shape, p75)];
      return from === to ? t("desk.board.band_same", { at: from }) : t("desk.board.band", { from, to });
    },
    madeOf(shape, of, numerator) {
      switch (shape.kind) {
        case "share":
          return of.den === 0 ? t("desk.board.made.none") : t("desk.board.made.share", { what: numerator ?? "", num: count(of.num), den: count(of.den) });
        case "duration":
          return of.p90_ms == null ? t("desk.board.made.none") : t("desk.board.made.duration", { p90: value(shape, of.p90_ms), n: count(of.num) });
        case "stock":
          return shape.perWorker ? t("desk.board.made.load", { num: count(of.num), den: count(of.den) }) : t("desk.board.made.now");
        case "count":
          return "";
      }
    },
  };
}
