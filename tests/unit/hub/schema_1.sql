BEGIN TRANSACTION;
CREATE TABLE accounts (
	id VARCHAR(128) NOT NULL, 
	name TEXT NOT NULL, 
	role TEXT NOT NULL, 
	token_sha256 VARCHAR(64) NOT NULL, 
	created_at TEXT NOT NULL, 
	disabled_at TEXT, 
	PRIMARY KEY (id), 
	UNIQUE (token_sha256)
);
INSERT INTO "accounts" VALUES('0584e54312e43a02','Reviewer','reviewer','2d70999ae1805e4bcef9b4ab3a4b827f578c61740f30076fcdc35c7ae7f586b3','2026-03-01T08:00:00.000Z',NULL);
INSERT INTO "accounts" VALUES('3460a9e60500471b','Lead','lead','e3456bc1f4d270f4a97933758645fdc21e39642b31ca343c1818f7972ac27906','2026-03-01T08:00:00.000Z',NULL);
INSERT INTO "accounts" VALUES('5553ac1e93a6a130','Admin','admin','8c6976e5b5410415bde908bd4dee15dfb167a9c873fc4bb8a81f6f2ab448a918','2026-03-01T08:00:00.000Z',NULL);
INSERT INTO "accounts" VALUES('f44dfc5dd9712572','Service','service','9df6b026a8c6c26e3c3acd2370a16e93fffdc0015ff5bd879218788025db0280','2026-03-01T08:00:00.000Z',NULL);
INSERT INTO "accounts" VALUES('cb329a565cce85fd','Other','reviewer','d9298a10d1b0735837dc4bd85dac641b0f3cef27a47e5d53a54f2f3f5b2fcffa','2026-03-01T08:00:00.000Z',NULL);
CREATE TABLE case_effects (
	decision_id VARCHAR(128) NOT NULL, 
	case_id VARCHAR(128) NOT NULL, 
	kind VARCHAR(16) NOT NULL, 
	"before" TEXT NOT NULL, 
	amount INTEGER NOT NULL, 
	PRIMARY KEY (decision_id, case_id, kind), 
	FOREIGN KEY(case_id) REFERENCES cases (id)
);
CREATE TABLE cases (
	seq INTEGER NOT NULL, 
	id VARCHAR(128) NOT NULL, 
	marketplace TEXT NOT NULL, 
	listing_id VARCHAR(128) NOT NULL, 
	seller_id VARCHAR(128) NOT NULL, 
	queue TEXT NOT NULL, 
	state TEXT NOT NULL, 
	priority INTEGER NOT NULL, 
	due_at TEXT, 
	due_order TEXT NOT NULL, 
	opened_at TEXT NOT NULL, 
	ground TEXT NOT NULL, 
	source TEXT NOT NULL, 
	flag_count INTEGER NOT NULL, 
	reference_ids TEXT NOT NULL, 
	lease_id TEXT NOT NULL, 
	lease_token INTEGER NOT NULL, 
	lease_owner VARCHAR(128), 
	lease_expires_at TEXT, 
	decision_id TEXT NOT NULL, 
	PRIMARY KEY (seq), 
	UNIQUE (id), 
	FOREIGN KEY(listing_id) REFERENCES listings (id), 
	FOREIGN KEY(seller_id) REFERENCES sellers (id), 
	FOREIGN KEY(lease_owner) REFERENCES accounts (id)
);
INSERT INTO "cases" VALUES(1,'case-20cd7e02f62645678716','bazaar','l0','s0','open','open',10,'2026-03-02T08:00:00.000Z','2026-03-02T08:00:00.000Z','2026-03-01T08:00:00.000Z','counterfeit','automated',1,'[]','',1,NULL,NULL,'3bbb6f2e-42ab-4f26-a60a-d93183264c8a');
INSERT INTO "cases" VALUES(2,'case-274b5549bdc0407e8dac','bazaar','l1','s1','open','decided',9,'2026-03-02T08:00:00.000Z','2026-03-02T08:00:00.000Z','2026-03-01T08:00:00.000Z','counterfeit','automated',1,'[]','',1,NULL,NULL,'febb2b80-de65-4e4f-938e-e7b537b1a34f');
INSERT INTO "cases" VALUES(3,'case-0654afcb2f0040f18088','bazaar','l2','s0','open','leased',8,'2026-03-02T08:00:00.000Z','2026-03-02T08:00:00.000Z','2026-03-01T08:00:00.000Z','counterfeit','automated',1,'[]','d15c0fda27484b08b9654fc8dfd3ac9c',1,'0584e54312e43a02','2026-03-01T08:10:00.000Z','');
INSERT INTO "cases" VALUES(4,'case-a5fa41771fd64d54bdba','bazaar','l3','s1','open','open',7,'2026-03-02T08:00:00.000Z','2026-03-02T08:00:00.000Z','2026-03-01T08:00:00.000Z','counterfeit','automated',1,'[]','',1,NULL,NULL,'');
INSERT INTO "cases" VALUES(5,'case-39bc03de8fe3481b97fe','bazaar','l4','s0','open','open',6,'2026-03-02T08:00:00.000Z','2026-03-02T08:00:00.000Z','2026-03-01T08:00:00.000Z','counterfeit','automated',1,'[]','',0,NULL,NULL,'');
INSERT INTO "cases" VALUES(6,'case-fea7b57d6ae8405b91b8','bazaar','l5','s1','open','open',5,'2026-03-02T08:00:00.000Z','2026-03-02T08:00:00.000Z','2026-03-01T08:00:00.000Z','counterfeit','automated',1,'[]','',0,NULL,NULL,'');
CREATE TABLE changes (
	seq INTEGER NOT NULL, 
	kind TEXT NOT NULL, 
	case_id TEXT NOT NULL, 
	at TEXT NOT NULL, 
	PRIMARY KEY (seq)
);
INSERT INTO "changes" VALUES(1,'case_opened','case-20cd7e02f62645678716','2026-03-01T08:00:00.000Z');
INSERT INTO "changes" VALUES(2,'case_opened','case-274b5549bdc0407e8dac','2026-03-01T08:00:00.000Z');
INSERT INTO "changes" VALUES(3,'case_opened','case-0654afcb2f0040f18088','2026-03-01T08:00:00.000Z');
INSERT INTO "changes" VALUES(4,'case_opened','case-a5fa41771fd64d54bdba','2026-03-01T08:00:00.000Z');
INSERT INTO "changes" VALUES(5,'case_opened','case-39bc03de8fe3481b97fe','2026-03-01T08:00:00.000Z');
INSERT INTO "changes" VALUES(6,'case_opened','case-fea7b57d6ae8405b91b8','2026-03-01T08:00:00.000Z');
INSERT INTO "changes" VALUES(7,'case_changed','case-20cd7e02f62645678716','2026-03-01T08:00:00.000Z');
INSERT INTO "changes" VALUES(8,'case_changed','case-274b5549bdc0407e8dac','2026-03-01T08:00:00.000Z');
INSERT INTO "changes" VALUES(9,'case_changed','case-0654afcb2f0040f18088','2026-03-01T08:00:00.000Z');
INSERT INTO "changes" VALUES(10,'case_changed','case-a5fa41771fd64d54bdba','2026-03-01T08:00:00.000Z');
INSERT INTO "changes" VALUES(11,'case_closed','case-20cd7e02f62645678716','2026-03-01T08:00:00.000Z');
INSERT INTO "changes" VALUES(12,'case_closed','case-274b5549bdc0407e8dac','2026-03-01T08:00:00.000Z');
INSERT INTO "changes" VALUES(13,'decision_overturned','case-20cd7e02f62645678716','2026-03-01T08:00:00.000Z');
INSERT INTO "changes" VALUES(14,'case_opened','case-20cd7e02f62645678716','2026-03-01T08:00:00.000Z');
INSERT INTO "changes" VALUES(15,'case_changed','case-a5fa41771fd64d54bdba','2026-03-01T08:00:00.000Z');
CREATE TABLE decisions (
	seq INTEGER NOT NULL, 
	id VARCHAR(128) NOT NULL, 
	case_id TEXT NOT NULL, 
	reviewer_id TEXT NOT NULL, 
	kind TEXT NOT NULL, 
	received_at TEXT NOT NULL, 
	body TEXT NOT NULL, 
	body_sha256 VARCHAR(64) NOT NULL, 
	status TEXT NOT NULL, 
	detail TEXT NOT NULL, 
	effects TEXT NOT NULL, 
	current BOOLEAN NOT NULL, 
	supersedes TEXT NOT NULL, 
	PRIMARY KEY (seq), 
	UNIQUE (id)
);
INSERT INTO "decisions" VALUES(1,'3a84043e-e7e7-4616-9e88-bdba6188b8bb','case-20cd7e02f62645678716','0584e54312e43a02','takedown','2026-03-01T08:00:00.000Z','{"case_id":"case-20cd7e02f62645678716","decided_at":"2026-03-01T08:00:10.000Z","ground":"counterfeit","id":"3a84043e-e7e7-4616-9e88-bdba6188b8bb","kind":"takedown","lease":{"id":"7e2f3cf6b7cc4ad2a3e449ccc2fd6e4d","token":1},"listing_id":"l0","revision":"8127df5a685f0845a28475581bba19360d78bee5bf77ded2ce394eb8a665b44f"}','56976df4f7f3248ef90acdeabafe7780363f7572c32d8b24e56e11de0212c83c','accepted','','["12 points to the seller until 2027-03-01; 12 count now","Listing removed"]',0,'');
INSERT INTO "decisions" VALUES(2,'febb2b80-de65-4e4f-938e-e7b537b1a34f','case-274b5549bdc0407e8dac','0584e54312e43a02','clear','2026-03-01T08:00:00.000Z','{"case_id":"case-274b5549bdc0407e8dac","decided_at":"2026-03-01T08:00:10.000Z","ground":"","id":"febb2b80-de65-4e4f-938e-e7b537b1a34f","kind":"clear","lease":{"id":"f40f52bab60e49d390163c9750a3320a","token":1},"listing_id":"l1","revision":"386eaf1f644f5b88caa12ca1581715538e57560529f0d155e62d1b9a622faaaf"}','9d56500e6fbad23e312d8c93b32036773e4a5fbbc22e5a086a8282b32c6e2dc0','accepted','','["Listing left as it is, its flags settled"]',1,'');
INSERT INTO "decisions" VALUES(3,'3bbb6f2e-42ab-4f26-a60a-d93183264c8a','case-20cd7e02f62645678716','0584e54312e43a02','withdraw','2026-03-01T08:00:00.000Z','{"case_id":"case-20cd7e02f62645678716","decided_at":"2026-03-01T08:00:10.000Z","ground":"","id":"3bbb6f2e-42ab-4f26-a60a-d93183264c8a","kind":"withdraw","lease":null,"listing_id":"l0","measure":null,"revision":"8127df5a685f0845a28475581bba19360d78bee5bf77ded2ce394eb8a665b44f","supersedes":"3a84043e-e7e7-4616-9e88-bdba6188b8bb"}','39801e61f99e63aa6070ba2bfcb433abbbaaf396f6be19c02941a42f0a004cf6','accepted','','["Offence and its points taken back","Taken back: listing removed","Case reopened"]',1,'3a84043e-e7e7-4616-9e88-bdba6188b8bb');
INSERT INTO "decisions" VALUES(4,'69893bc3-04f9-47a9-a61a-fb9fa33bfbf6','case-0654afcb2f0040f18088','0584e54312e43a02','escalate','2026-03-01T08:00:00.000Z','{"case_id":"case-0654afcb2f0040f18088","decided_at":"2026-03-01T08:00:10.000Z","ground":"","id":"69893bc3-04f9-47a9-a61a-fb9fa33bfbf6","kind":"escalate","lease":{"id":"d15c0fda27484b08b9654fc8dfd3ac9c","token":1},"listing_id":"l2","revision":"other"}','7964cc00492057aff808be8ba66ffba0ec4fec0e60faee46a3dbb0255ae5462d','stale','The listing has changed since you saw it.','[]',0,'');
CREATE TABLE facts (
	name VARCHAR(64) NOT NULL, 
	value TEXT NOT NULL, 
	PRIMARY KEY (name)
);
INSERT INTO "facts" VALUES('schema','1');
CREATE TABLE flags (
	seq INTEGER NOT NULL, 
	id VARCHAR(128) NOT NULL, 
	case_id VARCHAR(128) NOT NULL, 
	source TEXT NOT NULL, 
	reason TEXT NOT NULL, 
	at TEXT NOT NULL, 
	explanation TEXT NOT NULL, 
	confidence FLOAT, 
	notice_id TEXT NOT NULL, 
	claimant TEXT NOT NULL, 
	claimant_upheld FLOAT, 
	settled_by TEXT NOT NULL, 
	PRIMARY KEY (seq), 
	FOREIGN KEY(case_id) REFERENCES cases (id)
);
INSERT INTO "flags" VALUES(1,'f1','case-20cd7e02f62645678716','automated','counterfeit','2026-03-01T07:00:00.000Z','',NULL,'','',NULL,'');
INSERT INTO "flags" VALUES(2,'f2','case-274b5549bdc0407e8dac','automated','counterfeit','2026-03-01T07:00:00.000Z','',NULL,'','',NULL,'febb2b80-de65-4e4f-938e-e7b537b1a34f');
INSERT INTO "flags" VALUES(3,'f3','case-0654afcb2f0040f18088','automated','counterfeit','2026-03-01T07:00:00.000Z','',NULL,'','',NULL,'');
INSERT INTO "flags" VALUES(4,'f4','case-a5fa41771fd64d54bdba','automated','counterfeit','2026-03-01T07:00:00.000Z','',NULL,'','',NULL,'');
INSERT INTO "flags" VALUES(5,'f5','case-39bc03de8fe3481b97fe','automated','counterfeit','2026-03-01T07:00:00.000Z','',NULL,'','',NULL,'');
INSERT INTO "flags" VALUES(6,'f6','case-fea7b57d6ae8405b91b8','automated','counterfeit','2026-03-01T07:00:00.000Z','',NULL,'','',NULL,'');
CREATE TABLE listing_pictures (
	listing_id VARCHAR(128) NOT NULL, 
	place INTEGER NOT NULL, 
	sha256 VARCHAR(64) NOT NULL, 
	FOREIGN KEY(listing_id) REFERENCES listings (id)
);
CREATE TABLE listings (
	id VARCHAR(128) NOT NULL, 
	marketplace TEXT NOT NULL, 
	seller_id VARCHAR(128) NOT NULL, 
	title TEXT NOT NULL, 
	brand TEXT NOT NULL, 
	category TEXT NOT NULL, 
	language TEXT NOT NULL, 
	price_amount TEXT, 
	price_currency TEXT, 
	picture TEXT NOT NULL, 
	revision TEXT NOT NULL, 
	base_state TEXT NOT NULL, 
	state TEXT NOT NULL, 
	body TEXT NOT NULL, 
	previous TEXT, 
	PRIMARY KEY (id), 
	FOREIGN KEY(seller_id) REFERENCES sellers (id)
);
INSERT INTO "listings" VALUES('l0','bazaar','s0','Listing l0','Norrvik','','',NULL,NULL,'','8127df5a685f0845a28475581bba19360d78bee5bf77ded2ce394eb8a665b44f','live','live','{"id":"l0","marketplace":"bazaar","title":"Listing l0","description":"","brand":"Norrvik","category":"","price":null,"gtin":"","country":"","language":"","url":"","units_sold":null,"listed_at":null,"state":"live","pictures":[],"revision":"8127df5a685f0845a28475581bba19360d78bee5bf77ded2ce394eb8a665b44f"}',NULL);
INSERT INTO "listings" VALUES('l1','bazaar','s1','Listing l1','Norrvik','','',NULL,NULL,'','386eaf1f644f5b88caa12ca1581715538e57560529f0d155e62d1b9a622faaaf','live','live','{"id":"l1","marketplace":"bazaar","title":"Listing l1","description":"","brand":"Norrvik","category":"","price":null,"gtin":"","country":"","language":"","url":"","units_sold":null,"listed_at":null,"state":"live","pictures":[],"revision":"386eaf1f644f5b88caa12ca1581715538e57560529f0d155e62d1b9a622faaaf"}',NULL);
INSERT INTO "listings" VALUES('l2','bazaar','s0','Listing l2','Norrvik','','',NULL,NULL,'','fbceb920f29b8f560bacc8b88845e42f8d26c47b77db9cc3479cc0c89dbacb49','live','live','{"id":"l2","marketplace":"bazaar","title":"Listing l2","description":"","brand":"Norrvik","category":"","price":null,"gtin":"","country":"","language":"","url":"","units_sold":null,"listed_at":null,"state":"live","pictures":[],"revision":"fbceb920f29b8f560bacc8b88845e42f8d26c47b77db9cc3479cc0c89dbacb49"}',NULL);
INSERT INTO "listings" VALUES('l3','bazaar','s1','Listing l3','Norrvik','','',NULL,NULL,'','3122e931d61f7f0474036530f2668bc4b90cc1ccfadcaeb89d1f5fe539d15cdd','live','live','{"id":"l3","marketplace":"bazaar","title":"Listing l3","description":"","brand":"Norrvik","category":"","price":null,"gtin":"","country":"","language":"","url":"","units_sold":null,"listed_at":null,"state":"live","pictures":[],"revision":"3122e931d61f7f0474036530f2668bc4b90cc1ccfadcaeb89d1f5fe539d15cdd"}',NULL);
INSERT INTO "listings" VALUES('l4','bazaar','s0','Listing l4','Norrvik','','',NULL,NULL,'','48d0360988a9fa043fdeac0a11175ec56a11586654358b7e314fee57962697c8','live','live','{"id":"l4","marketplace":"bazaar","title":"Listing l4","description":"","brand":"Norrvik","category":"","price":null,"gtin":"","country":"","language":"","url":"","units_sold":null,"listed_at":null,"state":"live","pictures":[],"revision":"48d0360988a9fa043fdeac0a11175ec56a11586654358b7e314fee57962697c8"}',NULL);
INSERT INTO "listings" VALUES('l5','bazaar','s1','Listing l5','Norrvik','','',NULL,NULL,'','5b76c984359fb16f5d1e9b7357e239c435ea7eacb84931ea33cf1243bfb0d465','live','live','{"id":"l5","marketplace":"bazaar","title":"Listing l5","description":"","brand":"Norrvik","category":"","price":null,"gtin":"","country":"","language":"","url":"","units_sold":null,"listed_at":null,"state":"live","pictures":[],"revision":"5b76c984359fb16f5d1e9b7357e239c435ea7eacb84931ea33cf1243bfb0d465"}',NULL);
CREATE TABLE marketplaces (
	id VARCHAR(128) NOT NULL, 
	name TEXT NOT NULL, 
	currency TEXT NOT NULL, 
	language TEXT NOT NULL, 
	country TEXT NOT NULL, 
	PRIMARY KEY (id)
);
INSERT INTO "marketplaces" VALUES('bazaar','Bazaar','EUR','en','IE');
CREATE TABLE measures (
	seq INTEGER NOT NULL, 
	decision_id TEXT NOT NULL, 
	seller_id VARCHAR(128) NOT NULL, 
	listing_id TEXT NOT NULL, 
	kind TEXT NOT NULL, 
	scope TEXT NOT NULL, 
	starts_at TEXT NOT NULL, 
	ends_at TEXT, 
	undone BOOLEAN NOT NULL, 
	PRIMARY KEY (seq), 
	FOREIGN KEY(seller_id) REFERENCES sellers (id)
);
INSERT INTO "measures" VALUES(1,'3a84043e-e7e7-4616-9e88-bdba6188b8bb','s0','l0','listing_removed','listing','2026-03-01T08:00:00.000Z',NULL,1);
CREATE TABLE media (
	sha256 VARCHAR(64) NOT NULL, 
	media_type TEXT NOT NULL, 
	bytes INTEGER NOT NULL, 
	PRIMARY KEY (sha256)
);
CREATE TABLE offences (
	decision_id VARCHAR(128) NOT NULL, 
	seller_id VARCHAR(128) NOT NULL, 
	at TEXT NOT NULL, 
	kind TEXT NOT NULL, 
	ground TEXT NOT NULL, 
	points INTEGER NOT NULL, 
	expires_at TEXT, 
	overturned BOOLEAN NOT NULL, 
	listing_id TEXT NOT NULL, 
	listing_title TEXT NOT NULL, 
	PRIMARY KEY (decision_id), 
	FOREIGN KEY(seller_id) REFERENCES sellers (id)
);
INSERT INTO "offences" VALUES('3a84043e-e7e7-4616-9e88-bdba6188b8bb','s0','2026-03-01T08:00:00.000Z','takedown','counterfeit',12,'2027-03-01T08:00:00.000Z',1,'l0','Listing l0');
CREATE TABLE policies (
	seq INTEGER NOT NULL, 
	version TEXT NOT NULL, 
	body TEXT NOT NULL, 
	PRIMARY KEY (seq)
);
INSERT INTO "policies" VALUES(1,'2026-11-1','{"version":"2026-11-1","window_days":365,"merge_hours":24,"daily_cap":12,"ground":[{"id":"counterfeit","title":"Counterfeit","description":"A copy that bears a mark identical with, or not to be told from, a registered trade mark.","clause":"IP-1","action":"takedown","points":12,"sla_hours":24,"evidence":["picture"],"proof_can_cure":true,"dsa_category":"STATEMENT_CATEGORY_INTELLECTUAL_PROPERTY_INFRINGEMENTS","dsa_keyword":"KEYWORD_TRADEMARK_INFRINGEMENT","key":"C"},{"id":"trademark","title":"Trademark infringement","description":"A registered mark used without leave: in the title, on the article, or on the packing.","clause":"IP-2","action":"takedown","points":6,"sla_hours":24,"evidence":[],"proof_can_cure":true,"dsa_category":"STATEMENT_CATEGORY_INTELLECTUAL_PROPERTY_INFRINGEMENTS","dsa_keyword":"KEYWORD_TRADEMARK_INFRINGEMENT","key":"T"},{"id":"copyright","title":"Copyright infringement","description":"Photos, texts or artwork of somebody else, such as the brand''s own pictures.","clause":"IP-3","action":"takedown","points":4,"sla_hours":24,"evidence":["picture"],"proof_can_cure":true,"dsa_category":"STATEMENT_CATEGORY_INTELLECTUAL_PROPERTY_INFRINGEMENTS","dsa_keyword":"KEYWORD_COPYRIGHT_INFRINGEMENT","key":"P"},{"id":"design","title":"Design infringement","description":"The look of a registered design or of a three-dimensional mark.","clause":"IP-4","action":"takedown","points":6,"sla_hours":24,"evidence":["picture"],"proof_can_cure":true,"dsa_category":"STATEMENT_CATEGORY_INTELLECTUAL_PROPERTY_INFRINGEMENTS","dsa_keyword":"KEYWORD_DESIGN_INFRINGEMENT","key":"D"},{"id":"misleading","title":"Misleading description","description":"The text says what the article is not: brand, model, material, origin, condition.","clause":"LIST-2","action":"warn","points":2,"sla_hours":48,"evidence":[],"proof_can_cure":false,"dsa_category":"STATEMENT_CATEGORY_CONSUMER_INFORMATION","dsa_keyword":"KEYWORD_MISLEADING_INFO_GOODS_SERVICES","key":"M"},{"id":"no_proof","title":"Authenticity proof missing","description":"Proof of authenticity was asked for and not given in time, or does not cover the article.","clause":"LIST-5","action":"takedown","points":2,"sla_hours":72,"evidence":[],"proof_can_cure":true,"dsa_category":"STATEMENT_CATEGORY_INTELLECTUAL_PROPERTY_INFRINGEMENTS","dsa_keyword":"KEYWORD_TRADEMARK_INFRINGEMENT","key":"A"},{"id":"prohibited","title":"Prohibited or recalled product","description":"Not to be sold here at all, or recalled by an authority or its maker.","clause":"SAFE-1","action":"takedown","points":12,"sla_hours":12,"evidence":[],"proof_can_cure":false,"dsa_category":"STATEMENT_CATEGORY_UNSAFE_AND_PROHIBITED_PRODUCTS","dsa_keyword":"KEYWORD_PROHIBITED_PRODUCT","key":"R"},{"id":"relisting","title":"Relisting of a removed listing","description":"The same offer again after its removal, by the same seller or a linked one.","clause":"REP-1","action":"takedown","points":12,"sla_hours":24,"evidence":["picture"],"proof_can_cure":false,"dsa_category":"STATEMENT_CATEGORY_INTELLECTUAL_PROPERTY_INFRINGEMENTS","dsa_keyword":"KEYWORD_TRADEMARK_INFRINGEMENT","key":"L"},{"id":"banned_seller","title":"Account of a banned seller","description":"A new account of a trader whose account was closed.","clause":"REP-2","action":"restrict","points":48,"sla_hours":24,"evidence":[],"proof_can_cure":false,"dsa_category":"STATEMENT_CATEGORY_SCAMS_AND_FRAUD","dsa_keyword":"KEYWORD_INAUTHENTIC_ACCOUNTS","key":"B"},{"id":"trader_identity","title":"False or missing trader identity","description":"The trader''s name, address, register number or contact is missing or untrue (DSA Art. 30).","clause":"LIST-7","action":"restrict","points":6,"sla_hours":72,"evidence":[],"proof_can_cure":false,"dsa_category":"STATEMENT_CATEGORY_CONSUMER_INFORMATION","dsa_keyword":"KEYWORD_MISSING_INFO_GOODS_SERVICES","key":"I"}],"threshold":[{"points":2,"measure":"seller_warned","scope":"all"},{"points":12,"measure":"seller_restricted","scope":"brand","days":7},{"points":24,"measure":"seller_restricted","scope":"category","days":14},{"points":36,"measure":"account_suspended","scope":"all","days":21},{"points":48,"measure":"account_closed","scope":"all"}],"immediate":[{"ground":"counterfeit","offences":3,"measure":"account_suspended","scope":"all","days":21}]}');
CREATE TABLE reference_products (
	seq INTEGER NOT NULL, 
	id VARCHAR(128) NOT NULL, 
	body TEXT NOT NULL, 
	prices TEXT NOT NULL, 
	PRIMARY KEY (seq), 
	UNIQUE (id)
);
CREATE TABLE seller_links (
	seller_id VARCHAR(128) NOT NULL, 
	other_id VARCHAR(128) NOT NULL, 
	kind TEXT NOT NULL, 
	strength FLOAT NOT NULL, 
	FOREIGN KEY(seller_id) REFERENCES sellers (id), 
	FOREIGN KEY(other_id) REFERENCES sellers (id)
);
CREATE TABLE sellers (
	id VARCHAR(128) NOT NULL, 
	marketplace TEXT NOT NULL, 
	display_name TEXT NOT NULL, 
	country TEXT NOT NULL, 
	joined_at TEXT, 
	verification TEXT NOT NULL, 
	base_standing TEXT NOT NULL, 
	standing TEXT NOT NULL, 
	standing_until TEXT, 
	listings_live INTEGER, 
	listings_removed INTEGER, 
	units_sold INTEGER, 
	PRIMARY KEY (id)
);
INSERT INTO "sellers" VALUES('s0','bazaar','Seller s0','',NULL,'unknown','active','active',NULL,10,0,NULL);
INSERT INTO "sellers" VALUES('s1','bazaar','Seller s1','',NULL,'unknown','active','active',NULL,10,0,NULL);
CREATE TABLE skips (
	case_id VARCHAR(128) NOT NULL, 
	account_id VARCHAR(128) NOT NULL, 
	reason TEXT NOT NULL, 
	at TEXT NOT NULL, 
	PRIMARY KEY (case_id, account_id), 
	FOREIGN KEY(case_id) REFERENCES cases (id), 
	FOREIGN KEY(account_id) REFERENCES accounts (id)
);
INSERT INTO "skips" VALUES('case-a5fa41771fd64d54bdba','0584e54312e43a02','skipped','2026-03-01T08:00:00.000Z');
CREATE INDEX decisions_reviewer ON decisions (reviewer_id, seq);
CREATE INDEX decisions_case ON decisions (case_id, seq);
CREATE INDEX seller_links_seller ON seller_links (seller_id);
CREATE INDEX offences_seller ON offences (seller_id, at);
CREATE INDEX listings_seller ON listings (seller_id);
CREATE INDEX measures_seller ON measures (seller_id);
CREATE INDEX measures_listing ON measures (listing_id);
CREATE INDEX measures_decision ON measures (decision_id);
CREATE INDEX listing_pictures_sha256 ON listing_pictures (sha256, listing_id);
CREATE INDEX listing_pictures_listing ON listing_pictures (listing_id);
CREATE INDEX cases_lease ON cases (lease_id);
CREATE INDEX cases_seller ON cases (seller_id, state);
CREATE INDEX cases_queue ON cases (state, priority DESC, due_order, seq);
CREATE INDEX cases_listing ON cases (listing_id, state);
CREATE INDEX cases_leased ON cases (state, lease_expires_at);
CREATE INDEX cases_owner ON cases (lease_owner, state);
CREATE INDEX flags_case ON flags (case_id);
CREATE INDEX flags_id ON flags (id);
COMMIT;
