"""Books that do not add up are refused by the database itself.

From the sum to its parts: a balance is written first, then its entries, new lots, changed lots, and
where eaten points sit. Each part is compared, when its statement ends, with what was written before
it; a balance or a lot that no part followed is found when the transaction ends. The rules and their
words are those of `ledger/check.py`.

The functions run as whoever writes, so policies hold. A later revision that changes a rule puts
another function in the place of this one: no table is locked for that.
"""

from nxloy_web.schema import online

revision = "refuse_wrong_books"
down_revision = "add_tier_changes"
branch_labels = None
depends_on = None
phase = "expand"

# Looked up one by one, by an index: a plan that is made once, with the business as a parameter. One
# made for this business, or from `current_setting` in the policy, takes a business that came after
# the last ANALYZE for empty, and then reads all of its rows each time.
LOOKING_UP = "SET plan_cache_mode = force_generic_plan SET enable_seqscan = off"

WRONG_LOT = f"""
    CREATE OR REPLACE FUNCTION wrong_lot(p_business_id text, p_lot_id text) RETURNS text
    LANGUAGE plpgsql {LOOKING_UP} AS $wrong$
    DECLARE
      lot record;
    BEGIN
      SELECT l.worth, l.remaining, l.expired, coalesce((
               SELECT sum(u.amount) FROM nx.lot_uses u
               WHERE u.business_id = p_business_id AND u.lot_id = p_lot_id), 0) AS used
      INTO lot FROM nx.point_lots l WHERE l.business_id = p_business_id AND l.id = p_lot_id;
      IF NOT FOUND AND row_security_active('nx.point_lots') THEN
        RETURN concat('The lot ', p_lot_id, ' is out of sight when its transaction ends.');
      ELSIF lot.worth <> lot.remaining + lot.expired + lot.used THEN
        RETURN concat('The lot ', p_lot_id, ' is worth ', lot.worth, ': ', lot.remaining,
                      ' are left, ', lot.expired, ' expired, and ', lot.used, ' sit in it.');
      END IF;
      RETURN NULL;
    END $wrong$"""
WRONG_BALANCE = f"""
    CREATE OR REPLACE FUNCTION wrong_balance(p_business_id text, p_balance_id text) RETURNS text
    LANGUAGE plpgsql {LOOKING_UP} AS $wrong$
    DECLARE
      kept record;
    BEGIN
      SELECT b.balance, b.owed, b.last_seq,
             coalesce(t.seq, 0) AS seq, coalesce(t.balance, 0) AS said, coalesce((
               SELECT sum(l.remaining) FROM nx.point_lots l
               WHERE l.business_id = p_business_id AND l.balance_id = p_balance_id
                 AND l.remaining > 0), 0) AS held
      INTO kept FROM nx.customer_balances b
      LEFT JOIN LATERAL (
        SELECT e.seq, e.balance FROM nx.point_transactions e
        WHERE e.business_id = p_business_id AND e.balance_id = p_balance_id
        ORDER BY e.seq DESC LIMIT 1) t ON true
      WHERE b.business_id = p_business_id AND b.id = p_balance_id;
      IF NOT FOUND AND row_security_active('nx.customer_balances') THEN
        RETURN concat('The balance ', p_balance_id, ' is out of sight when its transaction ends.');
      ELSIF kept.balance <> kept.held - kept.owed THEN
        RETURN concat('The balance ', p_balance_id, ' says ', kept.balance, ', its lots hold ',
                      kept.held, ' and ', kept.owed, ' are owed.');
      ELSIF (kept.balance, kept.last_seq) IS DISTINCT FROM (kept.said, kept.seq) THEN
        RETURN concat('The balance ', p_balance_id, ' says ', kept.balance, ' after entry number ',
                      kept.last_seq, ', its last entry is number ', kept.seq, ' and says ',
                      kept.said, '.');
      END IF;
      RETURN NULL;
    END $wrong$"""
# The index of uses that are away from home knows those without a lot.
WRONG_UNPAID = f"""
    CREATE OR REPLACE FUNCTION wrong_unpaid(p_business_id text, p_balance_id text) RETURNS text
    LANGUAGE plpgsql {LOOKING_UP} AS $wrong$
    DECLARE
      kept record;
    BEGIN
      SELECT b.owed, b.let_off, u.owed AS uses_owed, u.let_off AS uses_let_off
      INTO kept FROM nx.customer_balances b
      CROSS JOIN LATERAL (
        SELECT coalesce(sum(n.amount) FILTER (WHERE n.is_owed), 0) AS owed,
               coalesce(sum(n.amount) FILTER (WHERE NOT n.is_owed), 0) AS let_off
        FROM nx.lot_uses n
        WHERE n.business_id = p_business_id AND n.balance_id = p_balance_id
          AND n.lot_id IS NULL AND n.lot_id IS DISTINCT FROM n.home_lot_id) u
      WHERE b.business_id = p_business_id AND b.id = p_balance_id;
      IF (kept.owed, kept.let_off) IS DISTINCT FROM (kept.uses_owed, kept.uses_let_off) THEN
        RETURN concat('The balance ', p_balance_id, ' owes ', kept.owed, ' and has ', kept.let_off,
                      ' let off, its uses say ', kept.uses_owed, ' and ', kept.uses_let_off, '.');
      END IF;
      RETURN NULL;
    END $wrong$"""
REFUSE = """
    CREATE OR REPLACE FUNCTION refuse_wrong_books(p_table text, p_sentence text) RETURNS void
    LANGUAGE plpgsql AS $refuse$ BEGIN
      IF p_sentence IS NOT NULL THEN
        RAISE EXCEPTION USING MESSAGE = p_sentence, ERRCODE = 'check_violation',
          SCHEMA = 'nx', TABLE = p_table, CONSTRAINT = p_table || '_add_up';
      END IF;
    END $refuse$"""

CHECK_NEW_ENTRIES = f"""
    CREATE OR REPLACE FUNCTION check_new_entries() RETURNS trigger
    LANGUAGE plpgsql {LOOKING_UP} AS $check$
    DECLARE
      here text;
    BEGIN
      FOR here IN SELECT DISTINCT business_id FROM added LOOP
        PERFORM nx.refuse_wrong_books(TG_TABLE_NAME, CASE
          WHEN e.balance IS DISTINCT FROM e.before + e.amount THEN
            concat('The entry number ', e.seq, ' of the balance ', e.balance_id, ' moves ',
                   e.amount, ' and says ', e.balance, ', the one before it ',
                   coalesce('says ' || e.before, 'is not there'), '.')
          ELSE
            concat('The balance ', e.balance_id, ' says ', b.balance, ' after entry number ',
                   b.last_seq, ', its last entry is number ', e.seq, ' and says ', e.balance, '.')
          END)
        FROM (
          SELECT n.balance_id, n.seq, n.amount, n.balance,
                 lead(n.seq) OVER one_balance IS NULL AS is_last,
                 CASE
                   WHEN n.seq = 1 THEN 0
                   WHEN lag(n.seq) OVER one_balance = n.seq - 1
                     THEN lag(n.balance) OVER one_balance
                   ELSE (SELECT t.balance FROM nx.point_transactions t
                         WHERE t.business_id = here AND t.balance_id = n.balance_id
                           AND t.seq = n.seq - 1)
                 END AS before
          FROM added n WHERE n.business_id = here
          WINDOW one_balance AS (PARTITION BY n.balance_id ORDER BY n.seq)) e
        LEFT JOIN LATERAL (
          SELECT k.balance, k.last_seq FROM nx.customer_balances k
          WHERE e.is_last AND k.business_id = here AND k.id = e.balance_id LIMIT 1) b ON true
        WHERE e.balance IS DISTINCT FROM e.before + e.amount
           OR (e.is_last AND (coalesce(b.last_seq, 0) < e.seq
                              OR (b.last_seq = e.seq AND b.balance <> e.balance)))
        LIMIT 1;
      END LOOP;
      RETURN NULL;
    END $check$"""
CHECK_CHANGED_LOTS = """
    CREATE OR REPLACE FUNCTION check_changed_lots() RETURNS trigger
    LANGUAGE plpgsql AS $check$
    BEGIN
      PERFORM nx.refuse_wrong_books(
        TG_TABLE_NAME, nx.wrong_balance(touched.business_id, touched.balance_id))
      FROM (
        SELECT DISTINCT business_id, balance_id FROM (
          SELECT business_id, balance_id, id, remaining FROM changed
          EXCEPT SELECT business_id, balance_id, id, remaining FROM before) lots) touched;
      RETURN NULL;
    END $check$"""
CHECK_LOT = """
    CREATE OR REPLACE FUNCTION check_lot() RETURNS trigger LANGUAGE plpgsql AS $check$
    DECLARE
      wrong text := nx.wrong_lot(NEW.business_id, NEW.id);
    BEGIN
      IF wrong IS NOT NULL THEN
        PERFORM nx.refuse_wrong_books(TG_TABLE_NAME, wrong);
      END IF;
      RETURN NULL;
    END $check$"""
CHECK_NEW_USES = """
    CREATE OR REPLACE FUNCTION check_new_uses() RETURNS trigger
    LANGUAGE plpgsql AS $check$
    BEGIN
      PERFORM nx.refuse_wrong_books(
        TG_TABLE_NAME, nx.wrong_lot(touched.business_id, touched.lot_id))
      FROM (SELECT DISTINCT business_id, lot_id FROM added WHERE lot_id IS NOT NULL) touched;
      PERFORM nx.refuse_wrong_books(
        TG_TABLE_NAME, nx.wrong_unpaid(touched.business_id, touched.balance_id))
      FROM (SELECT DISTINCT business_id, balance_id FROM added WHERE lot_id IS NULL) touched;
      RETURN NULL;
    END $check$"""
CHECK_BALANCE = """
    CREATE OR REPLACE FUNCTION check_balance() RETURNS trigger LANGUAGE plpgsql AS $check$
    DECLARE
      wrong text := nx.wrong_balance(NEW.business_id, NEW.id);
    BEGIN
      IF wrong IS NULL
         AND (TG_OP = 'INSERT' OR (OLD.owed, OLD.let_off) <> (NEW.owed, NEW.let_off)) THEN
        wrong := nx.wrong_unpaid(NEW.business_id, NEW.id);
      END IF;
      IF wrong IS NOT NULL THEN
        PERFORM nx.refuse_wrong_books(TG_TABLE_NAME, wrong);
      END IF;
      RETURN NULL;
    END $check$"""

FUNCTIONS = {
    "refuse_wrong_books(text, text)": REFUSE,
    "wrong_lot(text, text)": WRONG_LOT,
    "wrong_balance(text, text)": WRONG_BALANCE,
    "wrong_unpaid(text, text)": WRONG_UNPAID,
    "check_new_entries()": CHECK_NEW_ENTRIES,
    "check_changed_lots()": CHECK_CHANGED_LOTS,
    "check_lot()": CHECK_LOT,
    "check_new_uses()": CHECK_NEW_USES,
    "check_balance()": CHECK_BALANCE,
}
ADDED = "REFERENCING NEW TABLE AS added FOR EACH STATEMENT"
AT_THE_END = "DEFERRABLE INITIALLY DEFERRED FOR EACH ROW"
# Of every row only what says something new: a purchase or an import has no lot to look at later.
TRIGGERS = {
    "customer_balances": {
        "customer_balances_add_up_new": f"""
            AFTER INSERT ON customer_balances {AT_THE_END}
            WHEN ((NEW.balance, NEW.owed, NEW.let_off, NEW.last_seq) <> (0, 0, 0, 0))
            EXECUTE FUNCTION check_balance()""",
        "customer_balances_add_up": f"""
            AFTER UPDATE OF balance, owed, let_off, last_seq ON customer_balances {AT_THE_END}
            WHEN ((OLD.balance, OLD.owed, OLD.let_off, OLD.last_seq)
                  <> (NEW.balance, NEW.owed, NEW.let_off, NEW.last_seq))
            EXECUTE FUNCTION check_balance()""",
    },
    "point_transactions": {
        "point_transactions_add_up": f"""
            AFTER INSERT ON point_transactions {ADDED} EXECUTE FUNCTION check_new_entries()""",
    },
    "point_lots": {
        "point_lots_add_up_new": f"""
            AFTER INSERT ON point_lots {AT_THE_END}
            WHEN (NEW.worth <> NEW.remaining + NEW.expired)
            EXECUTE FUNCTION check_lot()""",
        "point_lots_left": """
            AFTER UPDATE ON point_lots REFERENCING OLD TABLE AS before NEW TABLE AS changed
            FOR EACH STATEMENT EXECUTE FUNCTION check_changed_lots()""",
        "point_lots_add_up": f"""
            AFTER UPDATE OF worth, remaining, expired ON point_lots {AT_THE_END}
            WHEN (OLD.worth - OLD.remaining - OLD.expired
                  <> NEW.worth - NEW.remaining - NEW.expired)
            EXECUTE FUNCTION check_lot()""",
    },
    "lot_uses": {
        "lot_uses_add_up": f"""
            AFTER INSERT ON lot_uses {ADDED} EXECUTE FUNCTION check_new_uses()""",
    },
}


def upgrade() -> None:
    # Cheaper than to look at the balance of every new lot: an old entry gets no second one.
    online.create_index(
        "uq_point_lots_transaction_id",
        "point_lots",
        ["business_id", "transaction_id"],
        unique=True,
    )
    online.drop_index("ix_point_lots_transaction_id", "point_lots")
    owned = [f"ALTER FUNCTION {signature} OWNER TO nx_owner" for signature in FUNCTIONS]
    online.run_locked(
        "customer_balances",
        *FUNCTIONS.values(),
        *owned,
        reason="a function is noted in the catalog; nothing calls it yet, and no table is locked",
    )
    for table, triggers in TRIGGERS.items():
        for name, what in triggers.items():
            online.add_trigger(name, table, what)


def downgrade() -> None:
    for table, triggers in reversed(TRIGGERS.items()):
        for name in triggers:
            online.drop_trigger(name, table)
    online.run_locked(
        "customer_balances",
        *(f"DROP FUNCTION IF EXISTS {signature}" for signature in reversed(FUNCTIONS)),
        reason="only the triggers called them",
    )
    online.create_index(
        "ix_point_lots_transaction_id", "point_lots", ["business_id", "transaction_id"]
    )
    online.drop_index("uq_point_lots_transaction_id", "point_lots")
