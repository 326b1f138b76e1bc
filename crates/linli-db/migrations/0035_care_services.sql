-- 关爱服务: which help a person wants, who gives it and when next; sealed with the entry and gone with it.

ALTER TABLE care_entry ADD COLUMN services_sealed {BYTES}; -- personal: class=S purpose="安排服务：本人要哪些、谁来做、哪天" retention="until the entry ends"
ALTER TABLE care_entry ADD COLUMN service_at BIGINT; -- personal: class=I purpose="到日子提醒安排服务" retention="until the entry ends"
ALTER TABLE care_entry ADD COLUMN is_served BOOLEAN NOT NULL DEFAULT FALSE; -- personal: class=I purpose="统计有多少人有服务，五人以上才显示" retention="until the entry ends"
