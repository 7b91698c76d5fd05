variable "stack" {
  description = "The name of this deployment. Everything of it is named by it, so that an account may have several."
  type        = string
  default     = "regulars"
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,20}$", var.stack))
    error_message = "stack is 2 to 21 of a-z, 0-9 and -, and begins with a letter, such as regulars."
  }
}

variable "region" {
  description = "The AWS region, such as eu-central-1. SES, DynamoDB and all else stand there: choose it near the shops' customers, for it can't be changed later."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", var.region))
    error_message = "region is an AWS region, such as eu-central-1."
  }
}

variable "shops" {
  description = <<-END
    The shops, by their id (the one of the program file). Of each:
    - mail_domain: the shop's own domain, which its mail comes from. It needs DNS records that
      the output dns_records lists. Without one the shop sends no mail.
    - link_domain: a host of the shop's for the links in its mail, such as
      points.corner-bakery.example. Without one they lead to the deployment's own URL.
    - shopify: its domain at Shopify, ending in .myshopify.com.
    - shopify_event_source: where Shopify delivers over EventBridge instead of HTTPS, the
      partner event source's name, such as aws.partner/shopify.com/123456/corner-bakery.
  END
  type = map(object({
    mail_domain          = optional(string)
    link_domain          = optional(string)
    shopify              = optional(string)
    shopify_event_source = optional(string)
  }))
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for shop in keys(var.shops) : can(regex("^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$", shop))])
    error_message = "A shop's id is 1 to 40 of a-z, 0-9 and -, with no - at either end, such as corner-bakery."
  }
  # The longest name of a shop's is its rule's, and those have 64 characters.
  validation {
    condition     = alltrue([for shop in keys(var.shops) : length("${var.stack}-shopify-${shop}") <= 64])
    error_message = "The stack's name and a shop's id have 55 characters at the most together: choose a shorter stack."
  }
  # What one rule's pattern and one function's environment can name.
  validation {
    condition     = length(var.shops) <= 20
    error_message = "A stack has at most 20 shops: give the others a stack of their own, better an account of their own."
  }
  validation {
    condition = alltrue(flatten([for shop in values(var.shops) : [
      for domain in [shop.mail_domain, shop.link_domain] :
      domain == null || can(regex("^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?[.])+[a-z][a-z0-9-]{1,62}$", domain))
    ]]))
    error_message = "mail_domain and link_domain are domains in lower case without scheme or path, such as corner-bakery.example; those with other letters are written as xn--…."
  }
  # Freemail providers' own DMARC tells the world to refuse such mail from anybody else. The
  # same list as the program's, which refuses such senders too.
  validation {
    condition = alltrue([for shop in values(var.shops) : shop.mail_domain == null || !can(regex(
      "(^|[.])(((aol|gmx|hotmail|live|outlook|yahoo|yandex)[.]((com?[.])?[a-z]{2}|com|net))|126[.]com|163[.]com|aim[.]com|att[.]net|btinternet[.]com|comcast[.]net|fastmail[.]com|free[.]fr|freenet[.]de|gmail[.]com|googlemail[.]com|hey[.]com|icloud[.]com|laposte[.]net|libero[.]it|mac[.]com|mail[.]com|mail[.]ru|me[.]com|msn[.]com|orange[.]fr|pm[.]me|posteo[.]de|proton[.]me|protonmail[.]ch|protonmail[.]com|qq[.]com|rocketmail[.]com|sbcglobal[.]net|t-online[.]de|tuta[.]com|tuta[.]io|tutanota[.]com|verizon[.]net|wanadoo[.]fr|web[.]de|ymail[.]com|zohomail[.]com)$",
      coalesce(shop.mail_domain, "-")
    ))])
    error_message = "mail_domain has to be the shop's own domain: mail in the name of a freemail provider (gmail.com, gmx.de, …) is refused or called spam everywhere."
  }
  validation {
    condition     = length(compact(values(var.shops)[*].mail_domain)) == length(distinct(compact(values(var.shops)[*].mail_domain)))
    error_message = "Two shops can't share a mail_domain: each has a configuration set and a reputation of its own. Use a subdomain for one of them."
  }
  validation {
    condition = length(compact(concat([var.domain], values(var.shops)[*].link_domain))) == length(distinct(compact(
      concat([var.domain], values(var.shops)[*].link_domain)
    )))
    error_message = "Each link_domain is one shop's alone, and none is the stack's domain."
  }
  # It becomes a CNAME, which can't stand beside a domain's other records.
  validation {
    condition     = length(setintersection(compact(values(var.shops)[*].link_domain), compact(values(var.shops)[*].mail_domain))) == 0
    error_message = "link_domain is a host below the shop's domain, such as points.corner-bakery.example, not the domain that mail comes from."
  }
  validation {
    condition     = alltrue([for shop in values(var.shops) : shop.shopify == null || can(regex("^[a-z0-9][a-z0-9-]*[.]myshopify[.]com$", shop.shopify))])
    error_message = "shopify is the shop's permanent domain at Shopify, such as corner-bakery.myshopify.com, not the one its customers see."
  }
  validation {
    condition     = length(compact(values(var.shops)[*].shopify)) == length(distinct(compact(values(var.shops)[*].shopify)))
    error_message = "Two shops can't have the same domain at Shopify."
  }
  validation {
    condition     = alltrue([for shop in values(var.shops) : shop.shopify_event_source == null || can(regex("^aws[.]partner/shopify[.]com/[0-9]+/[A-Za-z0-9._-]+$", shop.shopify_event_source))])
    error_message = "shopify_event_source is the partner event source's whole name, such as aws.partner/shopify.com/123456/corner-bakery."
  }
  validation {
    condition     = alltrue([for shop in values(var.shops) : shop.shopify_event_source == null || shop.shopify != null])
    error_message = "A shop with a shopify_event_source needs shopify too: Shopify's events name the shop by that domain alone."
  }
}

variable "alarm_email" {
  description = "Who is told when something is wrong. AWS asks this address to confirm first."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[^@[:space:]]+@[^@[:space:]]+[.][^@[:space:]]+$", var.alarm_email))
    error_message = "alarm_email is an e-mail address."
  }
}

variable "budget" {
  description = "US dollars a month at which the account's bill is told to alarm_email; 0 for no budget. A small shop's is below 5."
  type        = number
  default     = 10
  nullable    = false

  validation {
    condition     = var.budget >= 0
    error_message = "budget is US dollars a month, 0 or more."
  }
}

variable "packages" {
  description = "The folder with each function's package, <function>.zip, as a release has them; from this folder, or absolute."
  type        = string
  default     = "packages"
  nullable    = false
}

variable "architecture" {
  description = "What the packages were built for: arm64, which costs a fifth less, or x86_64."
  type        = string
  default     = "arm64"
  nullable    = false

  validation {
    condition     = contains(["arm64", "x86_64"], var.architecture)
    error_message = "architecture is arm64 or x86_64."
  }
}

variable "reserved_concurrency" {
  description = "By function, how many of it may run at once, taken from what the account may; for functions that aren't named there is no bound but the account's. A new account may run 10 in all, of which none can be reserved."
  type        = map(number)
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for function in keys(var.reserved_concurrency) : contains(keys(local.functions), function)])
    error_message = "reserved_concurrency names a function that isn't there: there are ${join(", ", keys(local.functions))}."
  }
  validation {
    condition     = alltrue([for bound in values(var.reserved_concurrency) : bound >= 1 && floor(bound) == bound])
    error_message = "reserved_concurrency is a whole number, 1 or more, for each function: 0 would stop it."
  }
}

variable "domain" {
  description = "A host for the deployment itself, such as regulars.corner-bakery.example; null for the one that AWS gives. Square's webhooks are signed together with the URL, so subscriptions are registered anew when it changes."
  type        = string
  default     = null

  validation {
    condition     = var.domain == null || can(regex("^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?[.])+[a-z][a-z0-9-]{1,62}$", var.domain))
    error_message = "domain is a host in lower case without scheme or path, such as regulars.corner-bakery.example."
  }
}

variable "certificates_validated" {
  description = "Whether the certificates' records of the output dns_records stand in DNS. Apply once without, add the records, then apply with true: only then do domain and link_domain take effect."
  type        = bool
  default     = false
  nullable    = false
}

variable "sandbox_recipients" {
  description = "Addresses that mail may go to while the account is in SES's sandbox, such as the owner's own. SES asks each to confirm. Empty it once the account has left the sandbox."
  type        = set(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for address in var.sandbox_recipients : can(regex("^[^@[:space:]]+@[^@[:space:]]+[.][^@[:space:]]+$", address))])
    error_message = "sandbox_recipients are e-mail addresses."
  }
}

variable "mail_events" {
  description = "Whether SES tells what becomes of mail and uses a MAIL FROM domain of the shop's. Only an emulator that has neither goes without: nobody would be suppressed after a bounce."
  type        = bool
  default     = true
  nullable    = false
}

variable "deletion_protection" {
  description = "Whether the table refuses to be deleted. To leave, set it to false, apply, then destroy."
  type        = bool
  default     = true
  nullable    = false
}

variable "log_retention_days" {
  description = "How long logs are kept. They hold ids and no personal data; a gigabyte costs 0.03 dollars a month to keep."
  type        = number
  default     = 30
  nullable    = false

  validation {
    condition     = contains([1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365], var.log_retention_days)
    error_message = "log_retention_days is one of 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180 and 365."
  }
}

variable "archive_days" {
  description = "How long the bus's events are kept, to be replayed to whoever listens. They name customers by id."
  type        = number
  default     = 30
  nullable    = false

  validation {
    condition     = var.archive_days >= 1 && var.archive_days <= 365 && floor(var.archive_days) == var.archive_days
    error_message = "archive_days is a whole number from 1 to 365."
  }
}

variable "tags" {
  description = "More tags for everything."
  type        = map(string)
  default     = {}
  nullable    = false
}
