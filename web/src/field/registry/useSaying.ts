/** A record in the words of a list. */
import { useI18n } from "vue-i18n";
import { useTime } from "@shared/lib/useTime";
import { said, type FieldSpec, type RegistryRow } from "@shared/registry/fields";

export interface Saying {
  confirmed: (row: Pick<RegistryRow, "confirmed_at">) => string;
  word: (fields: readonly FieldSpec[], row: RegistryRow, key: string) => string;
  /** What a record is called. */
  title: (row: RegistryRow) => string;
}

export function useSaying(): Saying {
  const { t } = useI18n();
  const { day } = useTime();
  return {
    confirmed: ({ confirmed_at }) => (confirmed_at ? t("field.registry.confirmed", { day: day(confirmed_at) }) : t("field.registry.never")),
    word: (fields, row, key) => {
      const field = fields.find((one) => one.key === key);
      return field === undefined ? (row.fields[key] ?? "") : said(field, row.fields[key]);
    },
    title: (row) => {
      if (row.kind !== "household") return row.name || row.address;
      return row.name === "" ? t("field.registry.aHousehold") : t("field.registry.householdOf", { name: row.name });
    },
  };
}
