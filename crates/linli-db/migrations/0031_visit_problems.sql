-- 走访问题: what visits kept coming upon, and what a person decided of it. What waits for a decision is computed and has no table.
CREATE TABLE visit_problem (
    id           {CODE} PRIMARY KEY,   -- carries the time of the decision
    area_code    {CODE} NOT NULL,
    place_code   {CODE},               -- the building, where all the visits were to one
    words        TEXT NOT NULL,        -- personal: class=I purpose="走访中反复记到的问题（不含姓名）" retention="2 years"
    state        {CODE} NOT NULL,
    n_visits     BIGINT NOT NULL,
    first_at     BIGINT NOT NULL,
    last_at      BIGINT NOT NULL,
    case_id      {CODE}
);
CREATE INDEX visit_problem_area ON visit_problem (area_code, id);
CREATE INDEX visit_problem_case ON visit_problem (case_id) WHERE case_id IS NOT NULL;

-- Which visits a decision was about: what became a case is not proposed again, what was dismissed only with a new visit.
CREATE TABLE visit_problem_visit (
    visit_id     {CODE} NOT NULL,
    problem_id   {CODE} NOT NULL,
    PRIMARY KEY (visit_id, problem_id)
) {CLUSTERED};
CREATE INDEX visit_problem_visit_problem ON visit_problem_visit (problem_id);
