-- What dlt has loaded, with the types of the landing tables.
CREATE SCHEMA landing;
CREATE VIEW landing.customer AS SELECT username, email, fullname FROM landing_raw.customer;
CREATE VIEW landing."order" AS SELECT orderid, username, numberofitems::integer AS numberofitems, orderdate::timestamp AS orderdate FROM landing_raw."order";
CREATE VIEW landing.product AS SELECT orderid, productid, productname, category, color, price::decimal(12,2) AS price FROM landing_raw.product;
CREATE VIEW landing.address AS
SELECT username, position::integer AS position, buildingnumber::bigint AS buildingnumber, streetname, city, postcode, country FROM landing_raw.address;
