-- 整批撤销: who takes an import back is not always who brought it.

ALTER TABLE registry_import ADD COLUMN undone_by {CODE};
ALTER TABLE registry_import ADD COLUMN undone_role TEXT;
