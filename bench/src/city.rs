//! A whole city to measure in: the official divisions of 渭南, 38 numbered grids below each community, people at every level.

use std::io::Cursor;
use std::sync::Arc;

use anyhow::Context;

use linli_civic::app::App;
use linli_civic::areas::parse_areas;
use linli_db::{StoreError, Val, params, value_rows};
use linli_kernel::{AccountId, AreaCode, AreaLevel, GrantId, Role};

const DIVISIONS: &str = include_str!("../../data/divisions/weinan_divisions.csv");
/// As many as the city has: 89,000 grids in 2,343 communities.
const GRIDS: u32 = 38;
const ROWS: usize = 200;
/// Everybody's password.
pub const PASSWORD: &str = "bench-password-1";
/// The department whose inbox is measured.
pub const UNIT: &str = "urban_management";

/// An area.
#[derive(Clone, Debug)]
pub struct Place {
    /// Its code.
    pub code: AreaCode,
    /// Its official name.
    pub name: String,
    /// The name that people use.
    pub short_name: String,
}

/// The city.
#[derive(Clone, Debug)]
pub struct City {
    /// Every area, the wider first.
    pub places: Vec<Place>,
    /// The communities, the ones with the most cases first.
    pub communities: Vec<AreaCode>,
}

impl City {
    /// From the official divisions.
    ///
    /// # Errors
    /// When they do not read.
    pub fn weinan() -> anyhow::Result<Self> {
        let parsed = parse_areas(Cursor::new(DIVISIONS), &linli_civic::areas::NothingKnown).context("the divisions")?;
        let mut places: Vec<Place> = Vec::new();
        for area in parsed.rows {
            places.push(Place { code: area.code, name: area.name, short_name: area.short_name });
        }
        let communities: Vec<AreaCode> =
            places.iter().map(|place| place.code).filter(|code| code.level() == AreaLevel::Community).collect();
        for community in &communities {
            for n in 1..=GRIDS {
                let name = format!("第{n}网格");
                places.push(Place { code: community.child(n)?, name: name.clone(), short_name: name });
            }
        }
        Ok(Self { places, communities })
    }

    /// The people whose pages are measured: the busiest place of each level.
    #[must_use]
    pub fn people(&self) -> Vec<(&'static str, Role, AreaCode, Option<&'static str>)> {
        let Some(community) = self.communities.first() else { return Vec::new() };
        let grid = community.child(1).unwrap_or(*community);
        vec![
            ("city", Role::HotlineClerk, community.at(AreaLevel::City), None),
            ("county", Role::CountyLeader, community.at(AreaLevel::County), None),
            ("street", Role::StreetDispatcher, community.at(AreaLevel::Street), None),
            ("community", Role::CommunityClerk, *community, None),
            ("grid", Role::GridWorker, grid, None),
            ("department", Role::DepartmentClerk, community.at(AreaLevel::County), Some(UNIT)),
        ]
    }

    /// Writes the areas and the people; gives the account of each community's clerk.
    ///
    /// # Errors
    /// The database's.
    pub async fn write(&self, app: &App) -> anyhow::Result<Vec<AccountId>> {
        for part in self.places.chunks(ROWS * 20) {
            let part = part.to_vec();
            app.db
                .write(move |tx| {
                    tx.bookkeep(|w| {
                        for rows in part.chunks(ROWS) {
                            let values: Vec<Val> = rows
                                .iter()
                                .flat_map(|place| {
                                    params![
                                        place.code,
                                        place.code.parent(),
                                        place.code.level(),
                                        place.name,
                                        place.short_name,
                                        1_i64
                                    ]
                                })
                                .collect();
                            let sql = format!(
                                "INSERT INTO area (code, parent_code, level, name, short_name, version) VALUES {}",
                                value_rows(6, rows.len())
                            );
                            w.exec(&sql, &values)?;
                        }
                        Ok::<_, StoreError>(())
                    })
                })
                .await?;
        }
        let hash = linli_access::password::hash(PASSWORD).map_err(|error| anyhow::anyhow!("{error:?}"))?;
        let (ids, now) = (Arc::clone(&app.ids), app.now());
        let people = self.people();
        let clerks = self.communities.clone();
        let accounts = app.db.write(move |tx| tx.bookkeep(|w| {
            let mut hire = |name: &str, role: Role, area: &AreaCode, unit: Option<&str>| {
                let id = AccountId::new(ids.uuid(now));
                w.exec(
                    "INSERT INTO account (id, name, display_name, password_hash, must_change_password, version) VALUES ($1, $2, $2, $3, FALSE, 1)",
                    &params![id, name, hash],
                )?;
                w.exec(
                    "INSERT INTO grant_role (id, account_id, role, area_code, unit_code, starts_at) VALUES ($1, $2, $3, $4, $5, 0)",
                    &params![GrantId::new(ids.uuid(now)), id, role, area, unit],
                )?;
                Ok::<_, StoreError>(id)
            };
            let measured: Vec<AccountId> =
                people.iter().map(|(name, role, area, unit)| hire(name, *role, area, *unit)).collect::<Result<_, _>>()?;
            let clerk = measured.get(3).copied();
            let others = clerks.iter().skip(1).map(|community| hire(&format!("clerk-{community}"), Role::CommunityClerk, community, None));
            clerk.into_iter().map(Ok).chain(others).collect::<Result<Vec<_>, StoreError>>()
        })).await?;
        Ok(accounts)
    }
}
