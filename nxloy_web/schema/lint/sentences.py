"""What the linter says: each rule in words that also say what to do instead.

`# nx: assured NX004 the reason`, on the line or above it, lets a finding pass.
"""

SENTENCES = {
    "NX000 silent": "Say why {rule} may be broken here: a reason after the rule.",
    "NX000 idle": "{rule} finds nothing here any more: take the comment away.",
    "NX001 made": "{table} belongs to businesses and lacks {missing} in this revision: call "
    "operations.tenant_table({table!r}, app=...).",
    "NX001 end": "{table} gets business_id here and no later revision puts the tenant policy on "
    "it: end with online.close_table.",
    "NX001 lost": "{table} loses its tenant policy, so every business would see all of its rows. "
    "Leave the policy in place.",
    "NX002": "{table} has no business_id, so all businesses share it. If that is meant, say so by "
    "operations.open_table({table!r}, app=...); if not, add business_id.",
    "NX003": "{table}.{columns} could point at a row of {target} that belongs to another business: "
    "foreign keys look past policies. Refer by (business_id, {columns}).",
    "NX004": "{table} ({columns}): a key that does not begin with business_id tells one business "
    "what another holds, and serves no query under the policy. Begin with business_id.",
    "NX005 made": "{table} ({columns}): a deleted row would keep its value for ever. Make it a "
    "unique index WHERE deleted_at IS NULL.",
    "NX005 end": "{table} gets deleted_at here, and {names} goes on counting deleted rows. Put a "
    "unique index WHERE deleted_at IS NULL in its place.",
    "NX006 index": "{name} on {table}: PostgreSQL cannot use {elements} in an index under the "
    'tenant policy (its operator is not leakproof). Store normalised text COLLATE "C", a whole '
    "number or a date beside it, and index that.",
    "NX006 column": "{table}.{name} is {detail}, which no index serves under the tenant policy "
    "(its operator is not leakproof). Use text with a named CHECK, or normalised text.",
    "NX007 view": "{name} reads as its owner, past the tenant policy. Write CREATE VIEW ... WITH "
    "(security_invoker = true) AS ...",
    "NX007 materialized view": "{name} is filled as its owner and has no policy of its own. Keep a "
    "tenant table of its figures instead.",
    "NX008": "The policy {name} of {table} is not the one that keeps businesses apart, and "
    "policies add up: rows of others could be seen. Leave policies to operations.tenant_table.",
    "NX009 trigger": "{name} keeps the rows of {table} right while this code runs. Leave it, or "
    "drop it in a contract; what keeps history as it was stays for good.",
    "NX009 off": "{table} loses a guard here: {detail}. Leave it awake.",
    "NX009 rule": "A rule rewrites what people send to {table}, past triggers and grants. Use a "
    "trigger.",
    "NX009 function": "{name}() is what refuses a change of history. Make another function.",
    "NX010": "'{shown} ...' on {locked}, which people are working with: no short lock timeout, no "
    "second try, no repair. Use {instead}.",
    "NX010 block": "Nobody can tell what a DO block locks. Write its statements out.",
    "NX011": "{tables} are locked together until this transaction ends, and can deadlock with "
    "people at work. Change one table per call of an online operation.",
    "NX012 mixed": "{operation} commits by itself, so this upgrade is not @one_transaction. Put "
    "online operations into a revision of their own.",
    "NX012 bare": "This has no lock timeout and cannot be run again after it was cut short. Make "
    "new tables under @one_transaction; change tables by online operations or backfill.run only.",
    "NX013": "IF NOT EXISTS takes the invalid index that a failed CONCURRENTLY left for a whole "
    "one. Use online.create_index, which looks.",
    "NX014": "As the owner, policies hide the rows: updates touch none, and foreign keys are "
    "validated without looking. Leave the role alone; the migrator may do all of it.",
    "NX015": "Its SQL cannot be printed (--sql), so nobody can read it before it runs: {error}.",
    "NX015 parse": "PostgreSQL does not understand this: {error}.",
    "NX015 body": "PostgreSQL does not understand the body of {name}: {error}.",
    "NX015 step": "PostgreSQL does not understand the step of {name}: {error}.",
    "NX016": "{target} may use {table} by this. Name nx_app, nx_worker or nx_doors, and let nobody "
    "give it away.",
    "NX017": "{name} runs text that it builds: nobody can tell what that locks or lets through. "
    "Write the statements out.",
    "NX018": "{name} runs as its owner along a path that its caller sets. Use operations.door, or "
    "SET search_path = nx, pg_temp.",
    "NX019": "{word} of {table} in {name} has no WHERE, so it means every row of every business.",
    "NX020 rows": "'{detail} {table}' keeps rows locked until the revision ends. Move rows by a "
    "DataMigration in a revision with phase = 'data'.",
    "NX020 shape": "A revision that moves rows has phase = 'data', MIGRATION = DataMigration(...) "
    "and an upgrade that calls backfill.run(MIGRATION); no other revision has these.",
    "NX021": "{import_} will change, and this revision must not. Write down the columns and values "
    "that it needs; of the application only nxloy_web.schema may be imported.",
    "NX022 span": "The step of {name} has no {{span}}, so each batch would do all rows.",
    "NX022 many": "The step of {name} is several statements. Make it one, or a function.",
    "NX022 kind": "The step of {name} does not only move rows. Change the schema in a revision.",
    "NX030 rename": "{table}.{name} may not be filled yet: add the data migration that copies "
    "it to needs.",
    "NX030 phase": "Say phase = 'expand', 'data' or 'contract'.",
    "NX030 early": "Code that is still running uses {thing}. Do this in a revision with phase = "
    "'contract' and min_app, one release after the code stopped using it.",
    "NX030 version": "Say min_app = the first version of the application that needs none of this.",
    "NX030 unknown": "needs names {migration}, which no earlier revision runs.",
    "NX030 unfinished": "The data migration {migration} of this group may be unfinished: add it to "
    "needs.",
    "NX031": "{table}.{name} is {detail}. Use {instead}.",
    "NX032 null": "Code that is still running may leave {table}.{name} empty. Do this in a "
    "contract, when it is gone.",
    "NX032 check": "Code that is still running may break {name} of {table}. Take on a tighter rule "
    "in a contract, when it is gone.",
    "NX033": "{table} ({columns}) refers to {target} and no index begins with it, so each row that "
    "is deleted there looks at all rows here. Add online.create_index.",
    "NX034": "{table}.{name} is filled for every row while nobody reads. Add a plain column, set "
    "its default afterwards, and fill it by a data migration.",
    "NX035": "This holds up everybody who uses {table}: it {why}.",
    "NX036": "CASCADE takes things that nobody has named. Name and drop them one by one.",
    "NX040 none": "There is no way back: write a downgrade() that undoes this upgrade.",
    "NX040 loses": "Going down loses rows or values of {table}. Name it in down_loses, so that the "
    "downgrade is refused while it holds rows, or assure why nothing is lost.",
    "NX041": "{table} is added to in the step that takes away, so no release has both. Add in an "
    "expand revision of its own.",
}
